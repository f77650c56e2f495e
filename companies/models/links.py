"""One-time links that lead a person into a company, from an email to the account (T13)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from companies.models.company import Company
from notifications.models import Email


class CompanyLinkKind(models.TextChoices):
    REGISTRATION = "registration", _("Company registration")
    INVITATION = "invitation", _("Invitation of a user")
    JOIN_REQUEST = "join_request", _("Request to join")


class CompanyLinkEnd(models.TextChoices):
    DONE = "done", _("Done")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    CANCELED = "canceled", _("Canceled")
    REPLACED = "replaced", _("Replaced by a newer one")
    FAILED = "failed", _("No longer possible")


class CompanyLinkQuerySet(models.QuerySet["CompanyLink"]):
    def with_is_expired(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Annotate `is_expired`, by the database's clock."""
        is_expired = ExpressionWrapper(Q(expires_at__lt=at or Now()), output_field=models.BooleanField())
        return self.annotate(is_expired=is_expired)

    def open_invitations(self) -> CompanyLinkQuerySet:
        """Invitations that were not accepted. An administrator may resend an expired one, so these are included."""
        return self.filter(kind=CompanyLinkKind.INVITATION, ended_at=None)

    def open_join_requests(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Requests that wait for the company's administrators; the person's address is confirmed."""
        confirmed = self.filter(kind=CompanyLinkKind.JOIN_REQUEST, confirmed_at__isnull=False)
        return confirmed.filter(ended_at=None, expires_at__gt=at or Now())

    def with_is_undelivered(self) -> CompanyLinkQuerySet:
        """Annotate `is_undelivered`: the last email of the invitation failed for good."""
        text = models.CharField()
        key = Concat(Value("USER_INVITED:"), Cast(OuterRef("pk"), text), Value(":"), Cast(OuterRef("sent_count"), text))
        return self.annotate(is_undelivered=Exists(Email.objects.failed().filter(key=key)))


class CompanyLink(models.Model):
    """A one-time link sent to a person who registers a company, is invited to one or asks to join one (T13).

    `answers` holds what was typed until it is used: profile, name, password hash; of an invitation the permissions.
    A join request has no `company` if the person named one that is not registered; it looks the same from outside.
    """

    kind = models.CharField(max_length=12, choices=CompanyLinkKind.choices)
    company = models.ForeignKey(Company, null=True, on_delete=models.CASCADE, related_name="links")
    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(max_length=10, default="en")
    answers = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_count = models.PositiveSmallIntegerField(default=1)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_as = models.CharField(max_length=10, choices=CompanyLinkEnd.choices, blank=True)

    objects = CompanyLinkQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(Lower("email"), "created_at", name="company_link_by_email"),
            models.Index(fields=["company"], name="open_company_links", condition=Q(ended_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CompanyLinkKind.values), name="company_link_kind_is_known"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_as="")
                | (Q(ended_at__isnull=False) & Q(ended_as__in=CompanyLinkEnd.values)),
                name="company_link_end_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def permissions(self) -> set[str]:
        """Those of Membership.PERMISSIONS that an invitation gives."""
        return set(self.answers.get("permissions", []))
