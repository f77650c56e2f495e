"""What people enter about a third party and its users (T12, T13). Forms parse; actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms import CredentialsForm
from accounts.models import User
from companies.members import NewUser
from companies.models import Company, CompanyLink, Membership
from companies.profile import PROFILE
from lib.action_forms import ShowsRefusals
from lib.form_fields import (
    EmailAgainField,
    EmailLineField,
    LineField,
    NamedInErrors,
    NameField,
    NameForm,
    ParagraphField,
    PhoneField,
    PhoneForm,
    StateField,
    ZipField,
    require_printable,
    require_same_email,
)
from lib.phone_numbers import split_extension

PERMISSION_CHOICES = [
    ("may_view", _("View: see the company's agreements and reports")),
    ("may_initiate", _("Create: create agreements")),
    ("may_resend_or_withdraw", _("Resend or withdraw: resend emails and withdraw pending agreements")),
    ("may_download", _("Download: download report files")),
    ("is_administrator", _("Administrator: change the company profile and manage users and approvals")),
]


class WebAddressField(NamedInErrors, forms.URLField):
    """An address that starts with http or https; without either, https is added."""

    default_error_messages = {"invalid": _("Enter a web address such as https://example.com/privacy.")}
    default_validators = [URLValidator(["http", "https"])]
    widget = forms.URLInput({"autocomplete": "off", "spellcheck": "false"})

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        require_printable(value)


class CompanyNameForm(ShowsRefusals):
    """What an operator reviews: the legal name and the DUNS."""

    required_messages = {
        "legal_name": _("Enter the company's legal name."),
        "duns": _("Enter the company's DUNS number."),
    }

    legal_name = NameField(label=_("Legal name of the company"), max_length=120, autocomplete="organization")
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

    street = NameField(label=_("Street"), max_length=120, autocomplete="street-address")
    city = NameField(label=_("City"), max_length=60, autocomplete="address-level2")
    state = StateField(label=_("State"), autocomplete="address-level1")
    zip_code = ZipField(label=_("ZIP code"), autocomplete="postal-code")
    phone = PhoneField(label=_("Company phone"), autocomplete="off")
    email = EmailLineField(label=_("Company email"))
    privacy_policy_url = WebAddressField(
        label=_("Privacy policy link"),
        help_text=_(
            "If you leave it empty, we'll tell customers that your company has not provided one. "
            "It must start with https://"
        ),
        max_length=200,
        required=False,
        assume_scheme="https",
    )


class CompanyRenameForm(CompanyNameForm):
    """What the operators are asked to change, and why."""

    required_messages = CompanyNameForm.required_messages | {"reason": _("Enter the reason for the change.")}

    reason = ParagraphField(
        label=_("Reason"),
        help_text=_("For example, a merger or a typing mistake at registration. The operator will see it."),
        max_length=500,
        widget=forms.Textarea({"rows": 4}),
    )


class ConfirmedEmailForm(forms.Form):
    """The person's email, typed twice: we send a link to it."""

    user_email = EmailLineField(
        label=_("Your email"),
        help_text=_("We'll send a link to this address. Use your company email."),
        error_messages={"required": _("Enter your email address.")},
        autocomplete="email",
    )
    user_email_again = EmailAgainField(label=_("Confirm your email"))

    def clean_user_email_again(self) -> str:
        return require_same_email(self.cleaned_data.get("user_email"), self.cleaned_data["user_email_again"])


class NewUserForm(NameForm, CredentialsForm):
    """Name, user ID and password of a person who becomes a third party's user."""

    def new_user(self) -> NewUser:
        """Return the person of a valid form. Hashing before any look-up makes every answer take as long."""
        data = self.cleaned_data
        phone, extension = split_extension(data.get("user_phone", ""))
        password = make_password(data["password1"])
        return NewUser(data["first_name"], data["last_name"], data["username"], password, str(phone), extension)


class CompanyRegistrationForm(CompanyNameForm, CompanyContactForm, ConfirmedEmailForm, NewUserForm):
    """A company and its first user, who becomes its administrator."""

    required_messages = CompanyNameForm.required_messages | CompanyContactForm.required_messages

    user_phone = PhoneField(
        label=_("Your phone"), autocomplete="tel", error_messages={"required": _("Enter your phone number.")}
    )
    field_order = [
        *PROFILE, "first_name", "last_name", "user_phone", "user_email", "user_email_again",
        "username", "password1", "password2",
    ]  # fmt: skip

    def unsaved_user(self, data: dict[str, Any]) -> User:
        user = super().unsaved_user(data)
        user.email = data.get("user_email") or ""
        Membership(user=user, company=Company(legal_name=data.get("legal_name") or ""))
        return user


class InvitationAcceptanceForm(NewUserForm):
    """What an invited person chooses; the email is the invitation's."""

    def __init__(self, *args: Any, invitation: CompanyLink, **kwargs: Any) -> None:
        super().__init__(*args, initial=invitation.answers, **kwargs)
        self.invitation = invitation

    def unsaved_user(self, data: dict[str, Any]) -> User:
        user = super().unsaved_user(data)
        user.email = self.invitation.email
        Membership(user=user, company=self.invitation.company or Company())
        return user


class JoinRequestForm(NameForm, ConfirmedEmailForm):
    """A person asks to join a company."""

    company = LineField(
        label=_("Your company"),
        help_text=_("Its DUNS number, or its legal name exactly as it is registered."),
        max_length=120,
        error_messages={"required": _("Enter your company's DUNS number or legal name.")},
        autocomplete="organization",
    )
    field_order = ["company", "first_name", "last_name", "user_email", "user_email_again"]


class PermissionsForm(ShowsRefusals):
    """What a user may do in the company."""

    required_messages = {"permissions": _("Choose at least one permission.")}

    permissions = forms.MultipleChoiceField(
        label=_("Permissions"), choices=PERMISSION_CHOICES, widget=forms.CheckboxSelectMultiple
    )


class SharedMailboxForm(ShowsRefusals):
    """The address of a company's shared mailbox (T17)."""

    required_messages = {"email": _("Enter the email address of the shared mailbox.")}

    email = EmailLineField(label=_("Email address of the shared mailbox"))


class InvitationForm(PermissionsForm):
    """Whom an administrator invites, and what the person may do."""

    required_messages = PermissionsForm.required_messages | {"email": _("Enter the person's email address.")}

    email = EmailLineField(
        label=_("Email of the new user"), help_text=_("We'll send the person a link to create an account.")
    )
    field_order = ["email", "permissions"]


class MemberProfileForm(PhoneForm, NameForm):
    """A third party's user: name and phone. The email has its own page, where it is confirmed."""
