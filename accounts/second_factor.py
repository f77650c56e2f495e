"""The second factor: who must have one, and how its secrets are kept (X3)."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import emails
from accounts.models import User

logger = logging.getLogger(__name__)

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# What somebody who still has to set one up can reach: setting it up, proving who they are, help, and the way out.
OPEN_PAGES = {"account_logout", "admin:logout", "account_reauthenticate", "health", "set_language"}
OPEN_BEGINNINGS = ("mfa_", "help")


def must_have(user: User | AnonymousUser) -> bool:
    """Whether `user` works for a third party or is staff, and so needs a second factor where settings ask for it."""
    if not settings.SECOND_FACTOR_REQUIRED or not user.is_authenticated:
        return False
    return bool(user.is_staff or getattr(user, "membership", None))


def lacks(user: User | AnonymousUser) -> bool:
    """Whether `user` must have a second factor and has none yet."""
    return must_have(user) and not Authenticator.objects.filter(user=user.pk, type__in=FACTORS).exists()


@transaction.atomic
def remove_lost(user: User, *, by: User) -> bool:
    """Forget the factors of somebody who lost them, recovery codes too, and tell that person; False if there are none.

    The password goes on; whoever must have a factor sets one up at the next log-in.
    """
    removed, _each = Authenticator.objects.filter(user=user.pk).delete()
    if removed:
        emails.second_factor_removed(user)
        logger.info("The second factor of user %s was removed by user %s.", user.pk, by.pk)
    return bool(removed)


class SecondFactorMiddleware:
    """Sends whoever must have a second factor to set one up, before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in OPEN_PAGES or name.startswith(OPEN_BEGINNINGS) or not lacks(request.user):
            return None
        return HttpResponseRedirect(reverse("mfa_index"))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps secrets encrypted with settings.MFA_KEY, and the last factor of whoever must have one."""

    def encrypt(self, text: str) -> str:
        return _cipher(settings.MFA_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher(settings.MFA_KEY).decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return not must_have(authenticator.user) or others.exists()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user.pk, type=type).count() + 1
        return _("Key %(number)d") % {"number": number}

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)


@cache
def _cipher(keys: str) -> MultiFernet:
    """The first of `keys`, separated by commas, encrypts; every one decrypts, so that a key can be replaced."""
    digests = [hashlib.sha256(b"second-factor:" + key.strip().encode()).digest() for key in keys.split(",")]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
