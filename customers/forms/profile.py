"""A customer's profile."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from customers.forms.registration import PersonForm
from customers.models import Customer, CustomerKind
from customers.profile import Profile
from lib.form_fields import LineField


class ProfileForm(PersonForm):
    """What a customer may change at once; the email has a page of its own, for it must be confirmed."""

    title = LineField(
        label=_("Title"),
        help_text=_("For example Ms. or Dr."),
        max_length=20,
        required=False,
        widget=forms.TextInput({"autocomplete": "honorific-prefix", "size": "8"}),
    )

    field_order = ["title", *PersonForm.field_order]

    def __init__(self, data: QueryDict | None = None, *, customer: Customer) -> None:
        user = customer.user
        of_user = {name: getattr(user, name) for name in ("first_name", "last_name", "phone_extension", "language")}
        of_customer: dict[str, Any] = {
            name: getattr(customer, name) for name in ("middle_initial", "suffix", "title", "company_name")
        }
        super().__init__(
            data, kind=CustomerKind(customer.kind), initial=of_user | of_customer | {"phone": user.phone or ""}
        )

    def profile(self) -> Profile:
        """The profile of a valid form."""
        return Profile(**self.cleaned_data)
