"""The people who sign in."""

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


class Role(models.TextChoices):
    """What a user is who is not staff. The customer or membership has the rest."""

    CUSTOMER = "customer", _("Customer")
    THIRD_PARTY = "third_party", _("Third party")


class User(AbstractUser):
    """A person who signs in; `username` is the user ID."""

    email = models.EmailField(_("email"), max_length=254)
    phone = PhoneNumberField(_("phone"), blank=True)
    phone_extension = models.CharField(_("extension"), max_length=10, blank=True)
    language = models.CharField(_("language preference"), max_length=10, choices=settings.LANGUAGES, default="en")
    tdsp = models.ForeignKey(
        Tdsp, null=True, blank=True, on_delete=models.PROTECT, related_name="staff", verbose_name="TDSP"
    )
    is_supervisor = models.BooleanField(
        _("supervisor"), default=False, help_text=_("Can read the access log of this TDSP's staff.")
    )

    role = models.CharField(max_length=12, choices=Role.choices, blank=True, editable=False)  # set by assign_role

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This email belongs to another account."),
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_id_once", violation_error_message=_("This User ID is already taken.")
            ),
        ]

    @property
    def is_operator(self) -> bool:
        """Whether the user runs the portal and sees every TDSP's records (D1)."""
        return self.is_active and self.is_staff and self.tdsp_id is None

    def assign_role(self, role: Role) -> None:
        """Save the user's first role. It never changes: a membership that ended can only be renewed."""
        if not self.role:
            self.role = role
            self.save(update_fields=["role"])

    @property
    def represents_organization(self) -> bool:
        """Whether the user is staff or a third party's user: pages in English (T2), a second factor (X3)."""
        return self.is_staff or self.role == Role.THIRD_PARTY


def signed_in(request: HttpRequest) -> User:
    """Return the user of a request whose view requires signing in."""
    if not isinstance(request.user, User):
        raise TypeError("The view does not require signing in.")
    return request.user
