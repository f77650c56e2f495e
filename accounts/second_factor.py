"""The second factor: who must have one, and how its secrets are encrypted (X3)."""

from __future__ import annotations

import base64
import hashlib
import logging
import time
from functools import cache
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext_lazy as _

from accounts import emails
from accounts.models import User, signed_in

logger = logging.getLogger(__name__)

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# What a user who still has to set one up can reach: the set-up itself, entering the password again, help, signing out.
OPEN_PAGES = {"account_logout", "admin:logout", "account_reauthenticate", "health", "set_language"}
OPEN_PREFIXES = ("mfa_", "help")


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """Whether `user` works for a third party or is staff, and settings.SECOND_FACTOR_REQUIRED is on."""
    return bool(settings.SECOND_FACTOR_REQUIRED and user.is_authenticated and user.represents_organization)


def lacks_second_factor(user: User | AnonymousUser) -> bool:
    """Whether `user` must have a second factor and has none yet."""
    return needs_second_factor(user) and not Authenticator.objects.filter(user=user.pk, type__in=FACTORS).exists()


def ask_again(request: HttpRequest) -> HttpResponseRedirect | None:
    """Return a redirect to the second factor, or None if the user gave it within SECOND_FACTOR_PERIOD (X3).

    A user without one, where none is required, gives the password.
    """
    user = signed_in(request)
    types = set(Authenticator.objects.filter(user=user.pk).values_list("type", flat=True))
    method = "mfa" if types.intersection(FACTORS) else "password"
    since = time.time() - settings.SECOND_FACTOR_PERIOD.total_seconds()
    for record in get_authentication_records(request, user):
        if record["method"] == method and record["at"] > since:
            return None
    if method == "password":
        page = "account_reauthenticate"
    elif Authenticator.Type.TOTP in types:
        page = "mfa_reauthenticate"
    else:
        page = "mfa_reauthenticate_webauthn"
    return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")


@transaction.atomic
def remove_lost_factors(user: User, *, by: User) -> bool:
    """Delete the user's factors and recovery codes, and email the user. Return False if there are none.

    The password stays. If a second factor is required, the user sets one up after signing in again.
    """
    removed, _each = Authenticator.objects.filter(user=user.pk).delete()
    if removed:
        emails.send_second_factor_removed(user)
        logger.info("The second factor of user %s was removed by user %s.", user.pk, by.pk)
    return bool(removed)


class SecondFactorMiddleware(MiddlewareMixin):
    """Redirect users who lack a required second factor to the page that sets one up."""

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_PAGES or name.startswith(OPEN_PREFIXES) or not lacks_second_factor(request.user):
            return None
        return HttpResponseRedirect(reverse("mfa_index"))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Encrypt secrets with settings.MFA_KEY, and refuse to delete the last factor of a user who must have one."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code is incorrect. Check it and try again."),
        "cannot_delete_authenticator": _(
            "You must use two-step sign-in. Add another app or key before you remove this one."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _cipher(settings.MFA_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher(settings.MFA_KEY).decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not needs_second_factor(authenticator.user) or others.exists()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user.pk, type=type).count() + 1
        return _("Key %(number)d") % {"number": number}

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)


@cache
def _cipher(keys: str) -> MultiFernet:
    """Return a cipher that encrypts with the first of the comma-separated `keys` and decrypts with each."""
    digests = [hashlib.sha256(b"second-factor:" + key.strip().encode()).digest() for key in keys.split(",")]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
