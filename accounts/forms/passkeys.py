"""The forms of passkeys and security keys in our words; allauth has them in English only (C6, X3)."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.utils.translation import gettext_lazy as _


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
