"""Users, the access log of staff (D3), and what the daily limits count (X2)."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Lower, Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

from lib.append_only import append_only
from lib.phone_numbers import with_extension
from lib.scoped_admin import LONGEST_LABEL, AccessAction
from meters.models import Tdsp


class Role(models.TextChoices):
    """What a user is who is not staff. The customer or membership has the rest."""

    CUSTOMER = "customer", _("Customer")
    THIRD_PARTY = "third_party", _("Third party")


class User(AbstractUser):
    """A person who signs in, or a program that acts for a company; `username` is the user ID."""

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
    # A program that acts for a company is a user, too. It never signs in and gets no email (P1).
    is_person = models.BooleanField(default=True, db_default=True, editable=False)

    class Meta(AbstractUser.Meta):
        indexes = [models.Index(OpClass(Lower("last_name"), name="text_pattern_ops"), name="user_last_name")]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("This email belongs to another account."),
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_id_once", violation_error_message=_("This User ID is already taken.")
            ),
            # Every way to sign in, and every mail to users, leaves out inactive ones.
            models.CheckConstraint(
                condition=models.Q(is_person=True) | models.Q(is_active=False), name="only_people_are_active"
            ),
        ]

    @property
    def is_operator(self) -> bool:
        """Whether the user runs the portal and sees every TDSP's records (D1)."""
        return self.is_active and self.is_staff and self.tdsp_id is None

    @property
    def phone_with_extension(self) -> PhoneNumber | str:
        """Return what others dial to reach the user; empty if unknown (T8)."""
        return with_extension(self.phone, self.phone_extension)

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


class AccessLogEntry(models.Model):
    """A member of staff saw customer data: who, when, which record or how many rows of a list (D3).

    It contains no personal data: neither what was searched for nor what was displayed. A trigger refuses every change.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("user"))
    tdsp = models.ForeignKey(Tdsp, null=True, on_delete=models.PROTECT, related_name="+", verbose_name="TDSP")
    at = models.DateTimeField(_("date and time"), db_default=Now())
    action = models.CharField(_("action"), max_length=10, choices=AccessAction)
    model = models.CharField(_("kind of record"), max_length=60)
    object_id = models.CharField(_("key"), max_length=40, blank=True)
    label = models.CharField(_("record"), max_length=LONGEST_LABEL, blank=True)
    rows = models.PositiveIntegerField(_("rows displayed"), null=True)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], name="access_log_age"),
            models.Index(fields=["model", "object_id"], name="access_log_record"),
            models.Index(fields=["tdsp", "-at"], name="access_log_tdsp"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(action__in=list(AccessAction)), name="access_action_is_known"),
        ]
        triggers = [append_only("access_log_is_append_only")]

    def __str__(self) -> str:
        """Return what was seen, in words: "Searched agreements: 3 shown", "Opened agreement 112826000004"."""
        kind, action = apps.get_model(self.model)._meta, self.get_action_display()
        if self.rows is not None:
            return f"{action} {kind.verbose_name_plural}: {self.rows} shown"
        record = f"{kind.verbose_name} {self.label or self.object_id}".strip()
        return f"{action} of {record}" if self.action == AccessAction.HISTORY else f"{action} {record}"


class RateLimitHit(models.Model):
    """Something that is limited happened: a failed match, or an email that a stranger caused (X2).

    `subject_hash` identifies its subject by a keyed hash: it can be compared, not read.
    """

    subject_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_hash", "at"], name="rate_limit_hit_subject")]

    def __str__(self) -> str:
        return f"Hit at {self.at}"
