"""django-allauth adapted: sign-up is closed, links use our origin, emails go through the outbox (E2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import emails
from accounts.language import page_language
from accounts.models import User
from lib.client_address import client_address
from notifications.actions import FixedLink

# allauth's name of an email -> our kind, which names the templates; the subject; the link's name in allauth's context.
_EMAILS: dict[str, tuple[str, Promise, str]] = {
    "account/email/password_reset_key": ("PASSWORD_RESET", _("Choose a new password"), "password_reset_url"),
    "account/email/unknown_account": ("PASSWORD_RESET_UNKNOWN", _("No account has this email address"), ""),
    "account/email/email_confirmation": ("EMAIL_CONFIRMATION", _("Confirm your email address"), "activate_url"),
}
# allauth's name of an email -> what changed, for ACCOUNT_CHANGED.
_CHANGES: dict[str, Promise] = {
    "account/email/password_changed": _("Your password was changed."),
    "account/email/password_reset": _("Your password was changed with a link from an email."),
    "account/email/password_set": _("Your password was set."),
    "account/email/email_changed": _("The email address of your account was changed."),
    "account/email/email_confirm": _("The email address of your account was confirmed."),
    "account/email/email_deleted": _("An email address was removed from your account."),
    "mfa/email/totp_activated": _("An authenticator app was added for two-step sign-in."),
    "mfa/email/totp_deactivated": _("The authenticator app for two-step sign-in was removed."),
    "mfa/email/webauthn_added": _("A passkey or security key was added."),
    "mfa/email/webauthn_removed": _("A passkey or security key was removed."),
    "mfa/email/recovery_codes_generated": _("New recovery codes were created. The old codes no longer work."),
}


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are created by our own registration, never by allauth's sign-up form."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("The User ID, email, or password is incorrect. Check them and try again."),
        "username_password_mismatch": _("The User ID, email, or password is incorrect. Check them and try again."),
        "incorrect_password": _("The password is incorrect. Enter it again."),
        "enter_current_password": _("Your current password is incorrect. Enter it again."),
        "duplicate_email": _("This is already your email address. Enter a different one."),
        "email_taken": _("This email address belongs to another account. Enter a different one."),
        "too_many_login_attempts": _("Too many failed sign-ins. Try again in a few minutes."),
        "rate_limited": _("Too many attempts. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: Any, **options: Any) -> Any:
        """Treat the address of a user whom an operator created as confirmed; allauth would delete it on a change."""
        if not EmailAddress.objects.filter(user=user, verified=True).exists():
            values = {"verified": True, "primary": True}
            EmailAddress.objects.update_or_create(user=user, email=user.email.lower(), defaults=values)
        return super().pre_login(request, user, **options)

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> Any:
        """Greet the user in the language of the page that follows (C6)."""
        with translation.override(page_language(user)):
            return super().post_login(request, user, **options)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the email in its reader's language, so that nothing waits for the mail server or gets lost."""
        reader = context.get("user") or User.objects.filter(email__iexact=email).first()
        if reader and not reader.is_person:
            return  # its address has no mailbox (P1)
        language = reader.language if reader else get_language() or settings.LANGUAGE_CODE
        subject: str | Promise
        if happening := _CHANGES.get(template_prefix):
            kind, subject, link_name = "ACCOUNT_CHANGED", _("Your account was changed"), ""
            context = context | {"happening": happening}
        else:
            kind, subject, link_name = _EMAILS[template_prefix]
        link = FixedLink(context[link_name]) if link_name else None
        with transaction.atomic():
            emails.send_account_email(kind, to=email, language=language, subject=subject, context=context, link=link)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Read the address as every other limit does; an unknown one is the unspecified address."""
        return str(client_address(request) or "0.0.0.0")

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _at_portal(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _at_portal(super().get_email_confirmation_url(request, emailconfirmation))

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Return False, with a message, if another account has taken the address since."""
        if User.objects.filter(email__iexact=email_address.email).exclude(pk=email_address.user_id).exists():
            refusal = translation.gettext("This address belongs to another account. Your address has not changed.")
            messages.error(request, refusal)
            return False
        return bool(super().confirm_email(request, email_address))


def _at_portal(url: str) -> str:
    # The request names any host; links in emails lead to the portal's own address.
    return settings.PORTAL_ORIGIN + urlsplit(url).path
