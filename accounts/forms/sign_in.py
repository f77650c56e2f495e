"""The sign-in form in our words."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    """Say what the first field expects, and let password managers fill it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User ID or email")
        self.fields["login"].error_messages["required"] = _("Enter your User ID or email.")
        self.fields["password"].error_messages["required"] = _("Enter your password.")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
