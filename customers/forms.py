"""The forms of registration, residential and business, of another meter and of the profile (C3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.forms import CredentialsForm
from accounts.models import User
from customers.esiid_claims import ClaimedMeter
from customers.models import CUSTOMER_FIELDS, USER_FIELDS, Customer, CustomerKind, Registration
from lib.action_forms import ShowsRefusals
from lib.form_fields import (
    EmailAgainField,
    EmailLineField,
    LineField,
    NameField,
    NameForm,
    PhoneForm,
    require_same_email,
)
from meters.form_fields import EsiidField, MeterNumberField
from meters.models import ElectricityProvider


@dataclass(frozen=True)
class Invited:
    """What a customer who comes from a decision link brings: the meter, and initial values for the form.

    The meter cannot be changed, and its ESIID is shown masked: the link must not reveal more than its email did.
    """

    meter: ClaimedMeter
    initial: dict[str, Any]


class PersonForm(NameForm, PhoneForm):
    """The customer's name, phone and language."""

    required_messages = {"company_name": _("Enter your company's name."), "language": _("Choose a language.")}

    middle_initial = NameField(
        of_person=True,
        label=_("Middle initial"),
        max_length=2,
        required=False,
        validators=[RegexValidator(r"\A\w\.?\Z", _("Enter one letter, or leave this field empty."))],
        widget=forms.TextInput({"autocomplete": "additional-name", "size": "3"}),
    )
    suffix = NameField(
        of_person=True,
        label=_("Suffix"),
        help_text=_("For example, Jr. or III."),
        max_length=10,
        required=False,
        widget=forms.TextInput({"autocomplete": "honorific-suffix", "size": "6"}),
    )
    company_name = NameField(label=_("Company name"), max_length=120, autocomplete="organization")
    language = forms.ChoiceField(
        label=_("Language preference"),
        help_text=_("For our emails to you, and for these pages after you sign in."),
        choices=settings.LANGUAGES,
        widget=forms.RadioSelect,
    )
    field_order = ["first_name", "middle_initial", "last_name", "suffix", "company_name", "phone", "phone_extension"]

    def __init__(self, data: QueryDict | None = None, *, kind: CustomerKind, initial: dict[str, Any]) -> None:
        super().__init__(data, initial={"language": get_language()} | initial)
        self.kind = kind
        if kind != CustomerKind.BUSINESS:
            del self.fields["company_name"]

    def clean_middle_initial(self) -> str:
        return str(self.cleaned_data["middle_initial"] or "").rstrip(".").upper()


class ClaimForm(ShowsRefusals):
    """The meter of an account: ESIID, meter number and electricity provider (X7)."""

    required_messages = {
        "esiid": _("Enter the ESIID."),
        "meter_number": _("Enter the meter number."),
        "provider": _("Enter your electricity provider."),
    }

    esiid = EsiidField(
        label="ESIID",
        help_text=_("17 or 22 digits. It's on your electricity bill."),
        max_length=60,
        error_messages={"invalid": _("Enter an ESIID with 17 or 22 digits. It's on your electricity bill.")},
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false"}),
    )
    meter_number = MeterNumberField(
        label=_("Meter number"),
        help_text=_("If your meter number starts with a letter, you can leave that letter out."),
        max_length=60,
        error_messages={
            "invalid": _(
                "Enter a meter number with up to 20 letters and numbers. It's on the meter and on your "
                "electricity bill."
            ),
        },
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    provider = LineField(
        label=_("Electricity provider"),
        help_text=_("The company that sends your electricity bill. It's not the utility that owns the wires."),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "off", "list": "provider-names"}),
    )

    def provider_names(self) -> list[str]:
        """Return the names that the page offers; others can be entered, too."""
        return list(ElectricityProvider.objects.order_by("name").values_list("name", flat=True).distinct())

    def claimed_meter(self) -> ClaimedMeter:
        """Return the meter of a valid form."""
        data = self.cleaned_data
        return ClaimedMeter(data["esiid"], data["meter_number"], data["provider"])


class RegistrationForm(ClaimForm, PersonForm, CredentialsForm):
    """Everything that an account needs. With `invited`, only the provider is asked about the meter."""

    required_messages = {"email": _("Enter your email address.")}

    email = EmailLineField(
        label=_("Account email"),
        help_text=_("We'll send a link to this address. Open it and confirm to create your account."),
        autocomplete="email",
    )
    email_again = EmailAgainField(label=_("Confirm account email"))
    field_order = [*PersonForm.field_order, "email", "email_again", "language", "username", "password1", "password2"]
    field_order += ["esiid", "meter_number", "provider"]

    def __init__(self, data: QueryDict | None = None, *, kind: CustomerKind, invited: Invited | None = None) -> None:
        super().__init__(data, kind=kind, initial=invited.initial if invited else {})
        self.invited = invited
        if invited:
            del self.fields["esiid"], self.fields["meter_number"]

    def clean_email_again(self) -> str:
        return require_same_email(self.cleaned_data.get("email"), self.cleaned_data["email_again"])

    def unsaved_user(self, data: dict[str, Any]) -> User:
        user = super().unsaved_user(data)
        user.email = data.get("email") or ""
        Customer(user=user, kind=self.kind, company_name=data.get("company_name") or "")
        return user

    def registration(self) -> Registration:
        """Return the registration of a valid form, not saved, with its password in clear text."""
        data, names = self.cleaned_data, (*PersonForm.field_order, "email", "language", "username")
        return Registration(
            **{name: data[name] for name in names if name in data},
            kind=self.kind,
            password=data["password1"],
        )

    def claimed_meter(self) -> ClaimedMeter:
        if self.invited:
            return replace(self.invited.meter, provider=self.cleaned_data["provider"])
        return super().claimed_meter()


class CustomerProfileForm(PersonForm):
    """What a customer may change at once. The email has its own page, because it must be confirmed."""

    title = NameField(
        of_person=True,
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
