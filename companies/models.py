"""Third parties: the company, its users, the links that lead into it, and its history (T12, T13)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, Lower, Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Role, User
from lib.append_only import append_only
from notifications.models import Email

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class CompanyStanding(models.TextChoices):
    PENDING = "pending", _("Pending approval")
    APPROVED = "approved", _("Approved")
    SUSPENDED = "suspended", _("Suspended")


class CompanyManager(models.Manager["Company"]):
    """Leaves out sandboxes, so that no list, search, check, or figure has them (V15)."""

    def get_queryset(self) -> models.QuerySet[Company]:
        return super().get_queryset().filter(sandbox_of=None)


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
    # Gets the emails about the company's agreements, beside its users (T17); only a confirmed one is here.
    shared_mailbox = models.EmailField(
        _("shared mailbox"), max_length=254, blank=True, default="", db_default="", editable=False
    )
    # Since when no new requests are possible, because customers did not know the company; an operator looks (C8).
    requests_paused_at = models.DateTimeField(_("new requests paused"), null=True, editable=False)
    # When an operator last let them go on: earlier answers of customers do not pause them again.
    requests_resumed_at = models.DateTimeField(null=True, editable=False)
    # A sandbox: the company as which another one tries the API. Everything of a company is apart by itself (V15).
    sandbox_of = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="sandbox", editable=False
    )

    objects = CompanyManager()
    every = models.Manager["Company"]()

    class Meta:
        verbose_name = _("third party")
        verbose_name_plural = _("third parties")
        ordering = ["legal_name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duns__regex=r"^[0-9]{9}([0-9]{4})?$") | Q(sandbox_of__isnull=False),
                name="company_duns_is_9_or_13_digits",
                violation_error_message=_("Enter a DUNS number with 9 or 13 digits."),
            ),
            models.CheckConstraint(condition=Q(standing__in=CompanyStanding.values), name="company_standing_is_known"),
            models.CheckConstraint(
                condition=Q(sandbox_of=None) | Q(standing=CompanyStanding.APPROVED), name="sandbox_is_approved"
            ),
        ]

    def __str__(self) -> str:
        return self.legal_name

    @property
    def is_active(self) -> bool:
        return self.standing == CompanyStanding.APPROVED

    @property
    def is_suspended(self) -> bool:
        return self.standing == CompanyStanding.SUSPENDED

    @property
    def is_sandbox(self) -> bool:
        return self.sandbox_of_id is not None

    @property
    def owner(self) -> Company:
        """The company whose people administer this one: its own, or that of a sandbox."""
        return self.sandbox_of or self

    @property
    def may_ask(self) -> bool:
        """Whether the company may create agreements now: it is approved, and no pause keeps it from asking (C8)."""
        return self.is_active and self.requests_paused_at is None

    def administrators(self) -> models.QuerySet[User]:
        """Return the users who administer the company now."""
        return User.objects.filter(pk__in=self.memberships.administrators().values("user"))

    def record_event(
        self, kind: CompanyEventKind, *, by: User | None, at: datetime | None = None, **details: Any
    ) -> None:
        """Write one line of the company's history; `details` are `about` and `changes` of CompanyEvent."""
        self.events.create(kind=kind, by=by, at=at or Now(), **details)


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
        verbose_name = _("user of a third party")
        verbose_name_plural = _("users of third parties")
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
    PAUSED = "paused", _("New requests paused: customers don't know the company")
    RESUMED = "resumed", _("New requests allowed again")
    PROFILE = "profile", _("Company profile changed")
    CHANGE_ASKED = "change_asked", _("Change of legal name or DUNS requested")
    INVITED = "invited", _("User invited")
    INVITATION_CANCELED = "invitation_canceled", _("Invitation canceled")
    JOINED = "joined", _("User joined")
    DECLINED = "declined", _("Request to join declined")
    PERMISSIONS = "permissions", _("Permissions changed")
    REMOVED = "removed", _("User removed")
    CLIENT_CREATED = "client_created", _("API client created")
    CLIENT_CHANGED = "client_changed", _("API client changed")
    CLIENT_DISABLED = "client_disabled", _("API client turned off")
    CLIENT_ATTESTED = "client_attested", _("Attestation of an API client changed")
    KEY_CREATED = "key_created", _("API key created")
    KEY_REVOKED = "key_revoked", _("API key revoked")
    MAILBOX = "mailbox", _("Shared mailbox changed")


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
        triggers = [append_only("company_events_are_append_only")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.company}"


class CompanyLinkKind(models.TextChoices):
    REGISTRATION = "registration", _("Company registration")
    INVITATION = "invitation", _("Invitation of a user")
    JOIN_REQUEST = "join_request", _("Request to join")
    MAILBOX = "mailbox", _("Confirmation of a shared mailbox")


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

    def open_mailboxes(self, *, at: datetime | None = None) -> CompanyLinkQuerySet:
        """Shared mailboxes that wait for their confirmation (T17)."""
        return self.filter(kind=CompanyLinkKind.MAILBOX, ended_at=None, expires_at__gt=at or Now())

    def with_is_undelivered(self) -> CompanyLinkQuerySet:
        """Annotate `is_undelivered`: the last email of the invitation failed for good or bounced."""
        text = models.CharField()
        key = Concat(Value("USER_INVITED:"), Cast(OuterRef("pk"), text), Value(":"), Cast(OuterRef("sent_count"), text))
        return self.annotate(is_undelivered=Exists(Email.objects.failed_or_bounced().filter(key=key)))


class CompanyLink(models.Model):
    """A one-time link to a person who registers a company, is invited to one or asks to join one, or to a mailbox.

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


class FingerprintKind(models.TextChoices):
    NETWORK = "network", _("Network address")
    BROWSER = "browser", _("Browser")
    MAILBOX = "mailbox", _("Email address")


class CompanyFingerprint(models.Model):
    """A network, browser or mailbox that a company's users used, as a keyed hash that can only be compared."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=FingerprintKind.choices)
    value_hash = models.CharField(max_length=64)
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "value_hash"], name="fingerprint_once_per_company")
        ]
        indexes = [
            models.Index(fields=["last_seen_at"], name="fingerprint_age"),
            models.Index(fields=["value_hash"], name="fingerprint_value"),  # of any company (X7)
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.company}"


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
    membership: Membership | None = getattr(user, "membership", None)
    return membership if membership and membership.approved_at and not membership.ended_at else None
