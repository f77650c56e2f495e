"""A customer's profile."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from customers.forms.registration import PersonForm
from customers.models import Customer, CustomerKind
from customers.profile import CUSTOMER_FIELDS, USER_FIELDS
from lib.form_fields import LineField


class CustomerProfileForm(PersonForm):
    """What a customer may change at once. The email has its own page, because it must be confirmed."""

    title = LineField(
        label=_("Title"),
        help_text=_("For example, Ms. or Dr."),
        max_length=20,
        required=False,
        widget=forms.TextInput({"autocomplete": "honorific-prefix", "size": "8"}),
    )

    field_order = ["title", *PersonForm.field_order]

    def __init__(self, data: QueryDict | None = None, *, customer: Customer) -> None:
        initial = {name: getattr(customer.user, name) for name in USER_FIELDS}
        initial |= {name: getattr(customer, name) for name in CUSTOMER_FIELDS}
        super().__init__(data, kind=CustomerKind(customer.kind), initial=initial)
