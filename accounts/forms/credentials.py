"""What every new user chooses: user id and password; and an email typed twice."""

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
    """User id and password; the settings' validators decide what a password needs."""

    use_required_attribute = False

    username = LineField(
        label=_("User ID"),
        help_text=_("You sign in with it or with your email. Letters, digits and . _ - are possible, 3 to 60 of them."),
        max_length=60,
        error_messages={"required": _("Choose a user id.")},
        # No @: a user id must never read like somebody else's email, for either signs in.
        validators=[
            RegexValidator(r"\A[A-Za-z0-9._-]{3,60}\Z", _("Use 3 to 60 letters, digits, dots, dashes or underscores."))
        ],
        widget=forms.TextInput({"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        error_messages={"required": _("Choose a password.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password again"),
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
            raise ValidationError(_("The two passwords differ. Type both again."))
        return again

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if password := typed.get("password1"):
            try:
                validate_password(password, self.account(typed))
            except ValidationError as problem:
                self.add_error("password1", problem)
        return typed

    def account(self, typed: dict[str, Any]) -> User:
        """The account as far as it is `typed`, not saved: a password must not be made of it."""
        return User(**{name: typed.get(name) or "" for name in ("first_name", "last_name", "username")})
