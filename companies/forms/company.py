"""What third parties enter about their company (T13). Forms parse; actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from companies.forms.users import ConfirmedEmailForm, NewUserForm
from companies.models import Company, Membership
from companies.profile import PROFILE
from lib.error_summary import ShowsRefusals
from lib.form_fields import EmailLineField, LineField, ParagraphField, PhoneField, StateField, ZipField


class CompanyNameForm(ShowsRefusals):
    """What an operator reviews: the legal name and the DUNS."""

    required_messages = {
        "legal_name": _("Enter the company's legal name."),
        "duns": _("Enter the company's DUNS number."),
    }

    legal_name = LineField(
        label=_("Legal name of the company"), max_length=120, widget=forms.TextInput({"autocomplete": "organization"})
    )
    duns = forms.CharField(
        label=_("DUNS number"),
        help_text=_("9 digits (or 13 for DUNS+4)"),
        max_length=30,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
    )

    def clean_duns(self) -> str:
        digits = "".join(str(self.cleaned_data["duns"]).replace("-", " ").split())
        if not (digits.isascii() and digits.isdigit() and len(digits) in (9, 13)):
            raise ValidationError(_("Enter a DUNS number with 9 or 13 digits."))
        return digits


class CompanyContactForm(ShowsRefusals):
    """What an administrator may change."""

    required_messages = {
        "street": _("Enter the street and number."),
        "city": _("Enter the city."),
        "zip_code": _("Enter the ZIP code."),
        "phone": _("Enter the company's phone number."),
        "email": _("Enter the company's email address."),
    }

    street = LineField(label=_("Street"), max_length=120, widget=forms.TextInput({"autocomplete": "street-address"}))
    city = LineField(label=_("City"), max_length=60, widget=forms.TextInput({"autocomplete": "address-level2"}))
    state = StateField(label=_("State"), widget=forms.Select({"autocomplete": "address-level1"}))
    zip_code = ZipField(
        label=_("ZIP code"), widget=forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric"})
    )
    phone = PhoneField(label=_("Company phone"), attrs={"autocomplete": "off"})
    email = EmailLineField(label=_("Company email"))
    privacy_policy_url = forms.URLField(
        label=_("Privacy policy link"),
        help_text=_("Optional. If there is none, we tell customers. Must start with https://"),
        max_length=200,
        required=False,
        assume_scheme="https",
        error_messages={"invalid": _("Enter a web address such as https://example.com/privacy.")},
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_privacy_policy_url(self) -> str:
        url = str(self.cleaned_data["privacy_policy_url"] or "")
        if url and not url.startswith(("https://", "http://")):
            raise ValidationError(_("Enter a web address such as https://example.com/privacy."))
        return url


class CompanyRenameForm(CompanyNameForm):
    """What the operators are asked to change, and why."""

    required_messages = CompanyNameForm.required_messages | {"reason": _("Enter the reason for the change.")}

    reason = ParagraphField(
        label=_("Reason"),
        help_text=_("For example, a merger or a typing mistake at registration. The operator will see it."),
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
    )


class CompanyRegistrationForm(CompanyNameForm, CompanyContactForm, ConfirmedEmailForm, NewUserForm):
    """A company and its first user, who becomes its administrator."""

    required_messages = {
        **CompanyNameForm.required_messages,
        **CompanyContactForm.required_messages,
        "user_phone": _("Enter your phone number."),
    }

    user_phone = PhoneField(label=_("Your phone"), attrs={"autocomplete": "tel"})
    field_order = [
        *PROFILE, "first_name", "last_name", "user_phone", "user_email", "user_email_again",
        "username", "password1", "password2",
    ]  # fmt: skip

    def unsaved_user(self, data: dict[str, Any]) -> User:
        user = super().unsaved_user(data)
        user.email = data.get("user_email") or ""
        Membership(user=user, company=Company(legal_name=data.get("legal_name") or ""))
        return user
