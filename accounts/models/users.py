"""Anybody who logs in. What a person may do hangs on the company, the customer or the TDSP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from meters.models import Tdsp

if TYPE_CHECKING:
    from django.http import HttpRequest


class User(AbstractUser):
    """Anybody who logs in; `username` is the user id. Roles hang on `membership`, `customer`, `tdsp`."""

    email = models.EmailField(_("email"), max_length=254)
    phone = PhoneNumberField(_("phone"), blank=True)
    phone_extension = models.CharField(_("extension"), max_length=10, blank=True)
    language = models.CharField(_("language preference"), max_length=10, choices=settings.LANGUAGES, default="en")
    tdsp = models.ForeignKey(
        Tdsp, null=True, blank=True, on_delete=models.PROTECT, related_name="staff", verbose_name="TDSP"
    )
    is_supervisor = models.BooleanField(
        _("supervisor"), default=False, help_text=_("May read the audit trail of this TDSP's staff.")
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This email belongs to another account."),
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_id_once", violation_error_message=_("This user id is taken.")
            ),
        ]

    @property
    def is_operator(self) -> bool:
        """Operators run the portal and see every TDSP's records (D1)."""
        return self.is_active and self.is_staff and self.tdsp_id is None


def signed_in(request: HttpRequest) -> User:
    """The user of a request that a log-in check has let through."""
    if not isinstance(request.user, User):
        raise TypeError("Nobody is signed in: the view lacks its log-in check.")
    return request.user
