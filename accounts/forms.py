"""What people enter about their accounts, and allauth's forms in our words. Forms parse; actions decide."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import encrypt
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lib.action_forms import ShowsRefusals
from lib.form_fields import LineField


class NewPasswordField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput({"autocomplete": "new-password"})
        super().__init__(max_length=256, strip=False, widget=widget, **options)


class CredentialsForm(ShowsRefusals):
    """User ID and password; the validators in settings decide what a password needs."""

    required_messages = {
        "username": _("Enter a User ID."),
        "password1": _("Enter a password."),
        "password2": _("Enter the same password again."),
    }

    username = LineField(
        label=_("User ID"),
        help_text=_("3 to 60 characters: letters, numbers, and . _ -"),
        max_length=60,
        # No @: a user ID must not look like another user's email, because both sign in.
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9._-]{3,60}\Z", _("Enter a User ID with 3 to 60 characters: letters, numbers, and . _ -")
            )
        ],
        widget=forms.TextInput({"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}),
    )
    password1 = NewPasswordField(label=_("Password"))
    password2 = NewPasswordField(label=_("Confirm password"))

    @property
    def password_rules(self) -> list[str]:
        return password_validators_help_texts()

    def clean_password2(self) -> str:
        first, again = self.cleaned_data.get("password1"), str(self.cleaned_data["password2"])
        if first and first != again:
            raise ValidationError(_("The two passwords don't match. Enter both again."))
        return again

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if password := data.get("password1"):
            try:
                validate_password(password, self.unsaved_user(data))
            except ValidationError as error:
                self.add_error("password1", error)
        return data

    def unsaved_user(self, data: dict[str, Any]) -> User:
        """Return the user as far as the form is filled in: the password must not be made of this data."""
        return User(**{name: data.get(name) or "" for name in ("first_name", "last_name", "username")})


class SignInForm(LoginForm):
    """Say what the first field expects, and let password managers fill it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User ID or email")
        self.fields["login"].error_messages["required"] = _("Enter your User ID or email.")
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class LabelsNewPassword:
    """Label the fields of allauth's forms for a new password as our own forms do."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("Confirm password")


class NewPasswordForm(LabelsNewPassword, ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")


class FirstPasswordForm(LabelsNewPassword, SetPasswordForm):
    pass


class ForgottenPasswordForm(LabelsNewPassword, ResetPasswordKeyForm):
    pass


class ExplainsEmail:
    """Say in allauth's forms what an email address needs."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].error_messages["invalid"] = _("Enter a full email address, such as name@example.com.")


class NewEmailForm(ExplainsEmail, AddEmailForm):
    pass


class ResetPasswordEmailForm(ExplainsEmail, ResetPasswordForm):
    pass


class ActivateAppForm(ActivateTOTPForm):
    """Use up the code that activates an authenticator app, so that it opens no session (X3)."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        app = Authenticator(user=self.user, type=Authenticator.Type.TOTP, data={"secret": encrypt(self.secret)})
        if not TOTP(app).validate_code(code):
            raise ValidationError(_("This code has already been used. Wait for the next one."))
        return code


class AddKeyForm(AddWebAuthnForm):
    """Name the key, and choose whether it also replaces the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        self.fields["passwordless"].label = _("Sign in with this key alone, without the password")
        self.fields["passwordless"].help_text = _("Your browser will ask for your fingerprint, face, or PIN each time.")


class EditKeyForm(EditWebAuthnForm):
    """Rename a key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
