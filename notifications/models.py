"""The outbox: an email is a row, written in the transaction that causes it, before it is a message (E2)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from notifications.failures import FailureReason


class EmailState(models.TextChoices):
    QUEUED = "queued", _("Queued")  # due from `due_at` on
    SENDING = "sending", _("Sending")  # a worker's until `leased_until`; no byte of the message has gone out
    HANDED = "handed", _("Handed over")  # committed just before DATA: from now on the mail server may have it
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    BOUNCED = "bounced", _("Bounced")  # sent, but a mail server on the way could not deliver it (E7)
    ON_HOLD = "on_hold", _("On hold")  # waits until its company is no longer suspended (L9)
    WITHHELD = "withheld", _("Not sent")  # for good: see FailureReason.SUSPENDED and TOO_LATE
    SANDBOX = "sandbox", _("Not sent (sandbox)")  # for good, and without a text (V15)


ENDED_BADLY = [EmailState.FAILED, EmailState.BOUNCED]
REQUEST_KINDS = ["EM201", "EM202"]
LEASED = Q(state__in=[EmailState.SENDING, EmailState.HANDED])


class Priority(models.IntegerChoices):
    """In which order waiting emails are sent (E6)."""

    URGENT = 0, _("Urgent")  # a person waits for it: links to sign in, to register, to reset a password
    NORMAL = 1, _("Normal")
    BULK = 2, _("Bulk")  # invitations and reminders, which a company may send by the thousand


class EmailQuerySet(models.QuerySet["Email"]):
    def without_sandbox(self) -> EmailQuerySet:
        """Return the emails that are not of test keys (V15)."""
        return self.filter(is_sandbox=False)

    def queued(self, *, at: datetime | None = None) -> EmailQuerySet:
        return self.filter(state=EmailState.QUEUED, due_at__lte=at or Now())

    def silent(self, *, at: datetime | None = None) -> EmailQuerySet:
        """Emails whose worker has let its lease run out."""
        return self.filter(LEASED, leased_until__lt=at or Now())

    def due(self, *, at: datetime | None = None) -> EmailQuerySet:
        """Emails that a worker should take now: queued ones that are due, and ones whose worker went silent."""
        return self.queued(at=at) | self.silent(at=at)

    def failed(self) -> EmailQuerySet:
        return self.filter(state=EmailState.FAILED)

    def rejecting_us(self) -> EmailQuerySet:
        """Emails that wait because our mail server does not accept mail from the portal: operators must act (E5)."""
        return self.filter(state=EmailState.QUEUED, failure=FailureReason.SENDER_REJECTED)

    def failed_or_bounced(self) -> EmailQuerySet:
        return self.filter(state__in=ENDED_BADLY)

    def refused_or_bounced(self) -> EmailQuerySet:
        """Emails that a mail server refused or returned for good: not delivered (E7, L5)."""
        return self.filter(Q(state=EmailState.FAILED, failure=FailureReason.REFUSED) | Q(state=EmailState.BOUNCED))

    def unannounced(self) -> EmailQuerySet:
        """Requests that did not arrive, and that no app above has announced yet; a partial index."""
        return self.requests().refused_or_bounced().filter(failure_announced_at=None)

    def on_hold(self) -> EmailQuerySet:
        return self.filter(state=EmailState.ON_HOLD)

    def about(self, *agreement_numbers: str) -> EmailQuerySet:
        """Return emails about any of the agreements; a GIN index."""
        return self.filter(about__overlap=list(agreement_numbers))

    def requests(self) -> EmailQuerySet:
        """Requests to a customer and their reminders."""
        return self.filter(kind__in=REQUEST_KINDS)

    def to_current_address(self) -> EmailQuerySet:
        """Leave out requests to an address that was corrected afterwards (T15)."""
        return self.filter(superseded_at=None)


class Email(models.Model):
    """One message to one address. `text` and `html` hold `placeholder` where a link's token belongs.

    The token is derived from `link_nonce` and `link_purpose` when the message is handed over, and stored nowhere (X5).
    A link that cannot be derived is kept in `link_secret`, encrypted, until the email is sent.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)  # EM201 ... as in docs/specification.md
    about = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # the numbers of agreements
    to_address = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, default="en")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    company_id = models.BigIntegerField(null=True)  # about whose business it is; a run sends each company its share
    pauses = models.BooleanField(default=False)  # waits while the company is suspended (L9)
    useful_until = models.DateTimeField(null=True)  # not sent later
    # The TDSP of the agreement that it is about. No foreign key: TDSPs are in an app above this one.
    tdsp_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField()
    placeholder = models.CharField(max_length=60, blank=True)
    link_nonce = models.BinaryField(null=True)
    link_purpose = models.CharField(max_length=30, blank=True)
    link_secret = models.BinaryField(null=True)
    # Where one POST ends such emails, with `placeholder` (RFC 8058); empty: nowhere.
    unsubscribe_url = models.CharField(max_length=300, blank=True, default="", db_default="")
    message_id = models.CharField(max_length=120, unique=True)  # left of the @; a second attempt has the same one

    state = models.CharField(max_length=10, choices=EmailState.choices, default=EmailState.QUEUED)
    queued_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)  # changes with each claim: a worker that was too slow finds another one here
    attempts = models.PositiveSmallIntegerField(default=0)
    uncertain_attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=20, choices=FailureReason.choices, blank=True)  # of the latest attempt
    last_error = models.CharField(max_length=500, blank=True)  # what the mail server or the operating system said
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # Of a test agreement: `sent_at` is when it would have been sent.
    is_sandbox = models.BooleanField(default=False, db_default=False)
    superseded_at = models.DateTimeField(null=True)  # a request whose address was corrected: its link is replaced
    body_forgotten_at = models.DateTimeField(null=True)
    # When an app above announced that this request did not arrive; this app only finds those that none has announced.
    failure_announced_at = models.DateTimeField(null=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        ordering = ["queued_at", "pk"]
        indexes = [
            GinIndex(fields=["about"], name="email_about"),
            models.Index(Lower("to_address"), name="email_to_address"),  # for the staff's search (D1)
            models.Index(
                fields=["priority", "due_at", "id"], name="email_queued", condition=Q(state=EmailState.QUEUED)
            ),
            models.Index(fields=["company_id"], name="email_on_hold", condition=Q(state=EmailState.ON_HOLD)),
            models.Index(
                fields=["tdsp_id", "-queued_at", "-id"], name="email_failed", condition=Q(state=EmailState.FAILED)
            ),
            # Of a company: requests and reminders that are not, or not yet, with the customer's mail server (T16).
            models.Index(
                fields=["company_id", "-queued_at"],
                name="email_request_not_sent",
                condition=Q(kind__in=REQUEST_KINDS) & ~Q(state=EmailState.SENT),
            ),
            # For the lists of a TDSP's staff; few emails about accounts have none (D1).
            models.Index(fields=["tdsp_id", "-queued_at", "-id"], name="email_of_tdsp"),
            models.Index(
                fields=["id"],
                name="email_rejected",
                condition=Q(state=EmailState.QUEUED, failure=FailureReason.SENDER_REJECTED),
            ),
            models.Index(
                fields=["company_id", "-queued_at", "-id"], name="email_of_sandbox", condition=Q(is_sandbox=True)
            ),
            models.Index(fields=["leased_until"], name="email_leased", condition=LEASED),
            models.Index(
                fields=["failed_at"],
                name="email_unannounced",
                condition=Q(kind__in=REQUEST_KINDS, state__in=ENDED_BADLY, failure_announced_at=None),
            ),
            models.Index(fields=["queued_at"], name="email_body_age", condition=Q(body_forgotten_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=EmailState.values), name="email_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=EmailState.SENT) | Q(sent_at__isnull=False), name="email_sent_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(is_sandbox=False) & ~Q(state=EmailState.SANDBOX)
                | Q(
                    is_sandbox=True,
                    state__in=[EmailState.SANDBOX, EmailState.BOUNCED],
                    text="",
                    html="",
                    link_nonce=None,
                    link_secret=None,
                ),
                name="email_of_sandbox_is_never_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[*ENDED_BADLY, EmailState.WITHHELD]) | ~Q(failure=""),
                name="email_failed_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(placeholder="", link_nonce=None, link_secret=None)
                | (~Q(placeholder="") & Q(link_nonce__isnull=False, link_secret=None))
                | (~Q(placeholder="") & Q(link_nonce=None, link_secret__isnull=False))
                | Q(state__in=[EmailState.SENT, EmailState.BOUNCED, EmailState.WITHHELD], link_secret=None),
                name="email_placeholder_has_its_link",
            ),
        ]

    def __str__(self) -> str:
        kind = self.kind if self.kind.startswith("EM") else self.kind.replace("_", " ").capitalize()
        return " ".join([kind, *self.about])


class PausedCompany(models.Model):
    """A company whose emails wait, because it is suspended (L9)."""

    company_id = models.BigIntegerField(primary_key=True)
    paused_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"company {self.company_id} since {self.paused_at}"


class SandboxCompany(models.Model):
    """A company whose emails are never sent, because it is a sandbox (V15)."""

    company_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"company {self.company_id}"


class EmailAttachment(models.Model):
    """A PDF of an email, in the order of the rows; deleted with the email's body (X6)."""

    email = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=100)
    content = models.BinaryField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
