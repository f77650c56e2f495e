"""What every new user chooses: user ID and password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from lib.form_fields import LineField


class CredentialsForm(forms.Form):
    """User ID and password; the validators in settings decide what a password needs."""

    use_required_attribute = False

    username = LineField(
        label=_("User ID"),
        help_text=_("3 to 60 characters: letters, numbers, and . _ -"),
        max_length=60,
        error_messages={"required": _("Enter a User ID.")},
        # No @: a user ID must not look like another user's email, because both sign in.
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9._-]{3,60}\Z", _("Enter a User ID with 3 to 60 characters: letters, numbers, and . _ -")
            )
        ],
        widget=forms.TextInput({"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        error_messages={"required": _("Enter a password.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Confirm password"),
        max_length=256,
        strip=False,
        error_messages={"required": _("Enter the same password again.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

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
