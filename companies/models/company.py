"""Third parties: the company, its users and what happened to both (T12, T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Role, User

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class CompanyStanding(models.TextChoices):
    PENDING = "pending", _("Pending approval")
    APPROVED = "approved", _("Approved")
    SUSPENDED = "suspended", _("Suspended")


class Company(models.Model):
    """A third party. It initiates, resends and downloads only while approved (T13, D1)."""

    legal_name = models.CharField(_("company name"), max_length=120)
    duns = models.CharField("DUNS", max_length=13, unique=True)
    street = models.CharField(_("street"), max_length=120)
    city = models.CharField(_("city"), max_length=60)
    state = models.CharField(_("state"), max_length=2, default="TX")
    zip_code = models.CharField(_("ZIP code"), max_length=10)
    phone = PhoneNumberField(_("phone"))
    email = models.EmailField(_("email"), max_length=254)
    privacy_policy_url = models.URLField(_("privacy policy link"), blank=True)
    standing = models.CharField(
        _("status"), max_length=10, choices=CompanyStanding.choices, default=CompanyStanding.PENDING
    )
    standing_reason = models.CharField(_("reason"), max_length=500, blank=True)  # for a suspension; its users read it
    registered_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("third party")
        verbose_name_plural = _("third parties")
        ordering = ["legal_name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duns__regex=r"^[0-9]{9}([0-9]{4})?$"),
                name="company_duns_is_9_or_13_digits",
                violation_error_message=_("Enter a DUNS number with 9 or 13 digits."),
            ),
            models.CheckConstraint(
                condition=models.Q(standing__in=CompanyStanding.values), name="company_standing_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def is_active(self) -> bool:
        return self.standing == CompanyStanding.APPROVED

    def administrators(self) -> models.QuerySet[User]:
        """Return the users who administer the company now."""
        return User.objects.filter(pk__in=self.memberships.administrators().values("user"))

    def record_event(
        self,
        kind: CompanyEventKind,
        *,
        by: User | None,
        about: User | None = None,
        changes: Mapping[str, list[Any]] | None = None,
        at: datetime | None = None,
    ) -> None:
        """Write one line of the company's history; `changes` is what compare_fields returns."""
        self.events.create(kind=kind, by=by, about=about, changes=changes or {}, at=at or Now())


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> MembershipQuerySet:
        """Memberships whose users may sign in and act for their company now."""
        return self.filter(approved_at__isnull=False, ended_at=None, user__is_active=True)

    def administrators(self) -> MembershipQuerySet:
        return self.current().filter(is_administrator=True)


class Membership(models.Model):
    """A user's membership in one company and what the user may do there (T12).

    Removing a user sets `ended_at` and keeps the row for the history; an invitation makes it current again.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="memberships")
    is_administrator = models.BooleanField(_("administrator"), default=False)
    may_view = models.BooleanField(_("can view agreements"), default=True)
    may_initiate = models.BooleanField(_("can create agreements"), default=False)
    may_resend_or_withdraw = models.BooleanField(_("can resend or withdraw"), default=False)
    may_download = models.BooleanField(_("can download reports"), default=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    PERMISSIONS = ("may_view", "may_initiate", "may_resend_or_withdraw", "may_download", "is_administrator")

    class Meta:
        ordering = ["company", "user"]

    def __str__(self) -> str:
        return f"{self.user} at {self.company}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self.user.assign_role(Role.THIRD_PARTY)

    @property
    def permissions(self) -> set[str]:
        """Those of PERMISSIONS that the user has."""
        return {name for name in self.PERMISSIONS if getattr(self, name)}


class CompanyEventKind(models.TextChoices):
    REGISTERED = "registered", _("Company registered")
    APPROVED = "approved", _("Company approved")
    SUSPENDED = "suspended", _("Company suspended")
    PROFILE = "profile", _("Company profile changed")
    CHANGE_ASKED = "change_asked", _("Change of legal name or DUNS requested")
    INVITED = "invited", _("User invited")
    INVITATION_CANCELED = "invitation_canceled", _("Invitation canceled")
    JOINED = "joined", _("User joined")
    DECLINED = "declined", _("Request to join declined")
    PERMISSIONS = "permissions", _("Permissions changed")
    REMOVED = "removed", _("User removed")


class CompanyEvent(models.Model):
    """Who changed what about a company or its users, and when (T13). `changes` maps a field to [before, after]."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=20, choices=CompanyEventKind.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["company", "at"], name="company_history")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.company}"


def compare_fields(row: models.Model, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return those of `values` that differ from the row's, as field -> [before, after] for JSON."""
    changes = {}
    for field, value in values.items():
        both = [item if isinstance(item, bool) else str(item or "") for item in (getattr(row, field), value)]
        if both[0] != both[1]:
            changes[field] = both
    return changes


def membership_of(user: User | AnonymousUser) -> Membership | None:
    """Return the membership that lets `user` act for a company now, or None."""
    if not user.is_authenticated:
        return None
    membership = getattr(user, "membership", None)
    return membership if membership and membership.approved_at and not membership.ended_at else None
