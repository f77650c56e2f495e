"""The registration form, residential and business (C3), and the form for another meter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.forms.credentials import CredentialsForm
from accounts.models import User
from customers.esiid_claims import Pair, Refused
from customers.models import Customer, CustomerKind
from customers.registration import Application
from lib.form_fields import EmailAgainField, EmailLineField, LineField, NameForm, PhoneForm, same_email
from meters.form_fields import EsiidField, MeterNumberField
from meters.identifiers import mask_esiid


@dataclass(frozen=True)
class Invited:
    """What a customer brings who comes from a decision link: the meter, and what was typed about the customer.

    `reference` goes into the registration as it is. The ESIID is fixed and shown masked: whoever has the link knows
    no more of it than the email said.
    """

    pair: Pair
    reference: str
    initial: dict[str, Any]

    @property
    def masked_esiid(self) -> str:
        return mask_esiid(self.pair.esiid)


class PersonForm(NameForm, PhoneForm):
    """Who the customer is and how to reach the customer."""

    use_required_attribute = False

    middle_initial = LineField(
        label=_("Middle initial"),
        max_length=2,
        required=False,
        validators=[RegexValidator(r"\A\w\.?\Z", _("Enter one letter, or leave it empty."))],
        widget=forms.TextInput({"autocomplete": "additional-name", "size": "3"}),
    )
    suffix = LineField(
        label=_("Suffix"),
        help_text=_("For example Jr. or III."),
        max_length=10,
        required=False,
        widget=forms.TextInput({"autocomplete": "honorific-suffix", "size": "6"}),
    )
    company_name = LineField(
        label=_("Company name"),
        max_length=120,
        error_messages={"required": _("Enter the name of your company.")},
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    language = forms.ChoiceField(
        label=_("Language preference"),
        help_text=_("Our emails to you, and these pages after you sign in."),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose a language.")},
        widget=forms.RadioSelect,
    )
    field_order = [
        "first_name",
        "middle_initial",
        "last_name",
        "suffix",
        "company_name",
        "phone",
        "phone_extension",
        "language",
    ]

    def __init__(self, data: QueryDict | None = None, *, kind: CustomerKind, initial: dict[str, Any]) -> None:
        super().__init__(data, initial={"language": get_language()} | initial)
        self.kind = kind
        if kind != CustomerKind.BUSINESS:
            del self.fields["company_name"]

    def clean_middle_initial(self) -> str:
        return str(self.cleaned_data["middle_initial"] or "").rstrip(".").upper()

    def clean_phone(self) -> str:
        return str(self.cleaned_data["phone"] or "")


class ClaimForm(forms.Form):
    """The meter of an account: the ESIID and its meter number."""

    use_required_attribute = False
    causes: tuple[str, ...] = ()  # why a pair may have been refused

    esiid = EsiidField(
        label="ESIID",
        help_text=_("17 or 22 digits. It stands on your electricity bill."),
        max_length=60,
        error_messages={
            "required": _("Enter the ESIID of your meter."),
            "invalid": _("An ESIID has 17 or 22 digits. Copy it from your electricity bill."),
        },
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false"}),
    )
    meter_number = MeterNumberField(
        label=_("Meter number"),
        help_text=_("If your meter number starts with a letter, enter it without the letter."),
        max_length=60,
        error_messages={
            "required": _("Enter the number of your meter."),
            "invalid": _(
                "A meter number has up to 20 letters and digits. Copy it from the meter or your electricity bill."
            ),
        },
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def refuse(self, refused: Refused) -> None:
        """Show what the rules have against what was typed."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)
        self.causes = refused.causes

    def pair(self) -> Pair:
        """The pair of a valid form."""
        return Pair(self.cleaned_data["esiid"], self.cleaned_data["meter_number"])


class RegistrationForm(ClaimForm, PersonForm, CredentialsForm):
    """Everything an account needs. With `invited` the meter is known and not asked."""

    email = EmailLineField(
        label=_("Account email"),
        help_text=_("We send a link to this address. Your account begins when you open it and confirm."),
        error_messages={"required": _("Enter your email address.")},
        autocomplete="email",
    )
    email_again = EmailAgainField(label=_("Account email again"))
    field_order = [
        *PersonForm.field_order[:-1],
        "email",
        "email_again",
        "language",
        "username",
        "password1",
        "password2",
        "esiid",
        "meter_number",
    ]

    def __init__(self, data: QueryDict | None = None, *, kind: CustomerKind, invited: Invited | None = None) -> None:
        super().__init__(data, kind=kind, initial=invited.initial if invited else {})
        self.invited = invited
        if invited:
            del self.fields["esiid"], self.fields["meter_number"]

    def clean_email_again(self) -> str:
        return same_email(self.cleaned_data.get("email"), self.cleaned_data["email_again"])

    def account(self, typed: dict[str, Any]) -> User:
        user = super().account(typed)
        user.email = typed.get("email") or ""
        Customer(user=user, kind=self.kind, company_name=typed.get("company_name") or "")
        return user

    def application(self) -> Application:
        """The application of a valid form."""
        typed = self.cleaned_data
        names = ("first_name", "middle_initial", "last_name", "suffix", "phone", "phone_extension")
        return Application(
            **{name: typed[name] for name in (*names, "email", "language", "username")},
            kind=self.kind,
            company_name=typed.get("company_name") or "",
            password=typed["password1"],
            pair=self.invited.pair if self.invited else self.pair(),
            reference=self.invited.reference if self.invited else "",
        )
