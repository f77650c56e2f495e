"""The ways into a company, from a link in an email to the account (T13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat, Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User
from companies.models.company import Company
from notifications.models import Email


class CompanyLinkKind(models.TextChoices):
    REGISTRATION = "registration", _("Company registration")
    INVITATION = "invitation", _("Invitation of a user")
    REQUEST = "request", _("Request to join")


class CompanyLinkEnd(models.TextChoices):
    DONE = "done", _("Done")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    CANCELED = "canceled", _("Canceled")
    REPLACED = "replaced", _("Replaced by a newer one")
    FAILED = "failed", _("Not possible any more")


class CompanyLinkQuerySet(models.QuerySet["CompanyLink"]):
    def unfinished(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Those that still wait for somebody."""
        return self.filter(ended_at=None, expires_at__gt=at or Now())

    def invited(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Invitations that were not taken, also those whose time `is_late`: an administrator may send them again."""
        late = models.ExpressionWrapper(models.Q(expires_at__lt=at or Now()), output_field=models.BooleanField())
        return self.filter(kind="invitation", ended_at=None).annotate(is_late=late)

    def with_delivery(self) -> CompanyLinkQuerySet:
        """Each with `not_delivered`: the last email with its link came back, and nobody tries again."""
        text = models.CharField()
        key = Concat(Value("USER_INVITED:"), Cast(OuterRef("pk"), text), Value(":"), Cast(OuterRef("sent"), text))
        return self.annotate(not_delivered=Exists(Email.objects.failed().filter(key=key)))

    def awaiting_approval(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Requests to join that wait for the company's administrators; the address is confirmed."""
        return self.unfinished(at=at).filter(kind="request", confirmed_at__isnull=False)

    def over_since(self, moment: datetime | Any) -> CompanyLinkQuerySet:
        """Those that ended, or ran out of time, before `moment`."""
        return self.filter(models.Q(ended_at__lt=moment) | models.Q(expires_at__lt=moment))


class CompanyLink(models.Model):
    """One person's way into a company, by a link sent to the person's email: founds it, is invited, asks to join (T13).

    `answers` holds what was typed until it is used: profile, name, password hash; for an invitation the permissions.
    A request without `company` named one that is not here; it looks like any other and leads nowhere.
    """

    kind = models.CharField(max_length=12, choices=CompanyLinkKind.choices)
    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="links")
    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(max_length=10, default="en")
    answers = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(db_default=Now())
    sent = models.PositiveSmallIntegerField(default=1)  # how often the link was emailed
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=10, choices=CompanyLinkEnd.choices, blank=True)

    objects = CompanyLinkQuerySet.as_manager()

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(Lower("email"), "made_at", name="company_link_by_email"),
            models.Index(fields=["company"], name="open_company_links", condition=models.Q(ended_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=CompanyLinkKind.values), name="company_link_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_as="")
                | (models.Q(ended_at__isnull=False) & models.Q(ended_as__in=CompanyLinkEnd.values)),
                name="company_link_end_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def permissions(self) -> set[str]:
        """Those of Membership.PERMISSIONS that an invitation gives."""
        return set(self.answers.get("permissions", []))
