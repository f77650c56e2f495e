"""What a third party's users and administrators enter about users (T12, T13). Forms parse; actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from accounts.forms.credentials import CredentialsForm
from accounts.models import User
from companies.models import Company, CompanyLink, Membership
from companies.new_users import NewUser
from lib.error_summary import ShowsRefusals
from lib.form_fields import EmailAgainField, EmailLineField, LineField, NameForm, PhoneForm, require_same_email

PERMISSION_CHOICES = [
    ("may_view", _("View: see the company's agreements and reports")),
    ("may_initiate", _("Create: create agreements")),
    ("may_resend_or_withdraw", _("Resend or withdraw: send reminders and withdraw pending agreements")),
    ("may_download", _("Download: download report files")),
    ("is_administrator", _("Administrator: change the company profile and manage users and approvals")),
]


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


class NewUserForm(ShowsRefusals, NameForm, CredentialsForm):
    """Name, user ID and password of a person who becomes a third party's user."""

    def new_user(self, phone: str = "") -> NewUser:
        """Return the person of a valid form, with the password hashed.

        Hashing is slow. It happens before any look-up, so that every answer takes as long.
        """
        data = self.cleaned_data
        password = make_password(data["password1"])
        return NewUser(data["first_name"], data["last_name"], data["username"], password, phone)


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


class JoinRequestForm(ShowsRefusals, NameForm, ConfirmedEmailForm):
    """A person asks to join a company."""

    company = LineField(
        label=_("Your company"),
        help_text=_("Its DUNS number, or its legal name exactly as it is registered."),
        max_length=120,
        error_messages={"required": _("Enter your company's DUNS number or legal name.")},
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    field_order = ["company", "first_name", "last_name", "user_email", "user_email_again"]


class PermissionsForm(ShowsRefusals):
    """What a user may do in the company."""

    permissions = forms.MultipleChoiceField(
        label=_("Permissions"),
        choices=PERMISSION_CHOICES,
        error_messages={"required": _("Choose at least one permission.")},
        widget=forms.CheckboxSelectMultiple,
    )


class InvitationForm(PermissionsForm):
    """Whom an administrator invites, and what the person may do."""

    email = EmailLineField(
        label=_("Email of the new user"),
        help_text=_("We'll send the person a link to create an account."),
        error_messages={"required": _("Enter the person's email address.")},
    )
    field_order = ["email", "permissions"]


class MemberProfileForm(ShowsRefusals, NameForm, PhoneForm):
    """A third party's user: name and phone. The email has its own page, where it is confirmed."""

    field_order = ["first_name", "last_name", "phone", "phone_extension"]
