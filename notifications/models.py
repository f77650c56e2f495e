"""The outbox: an email is a row, written in the transaction that causes it, before it is a message (E2)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications import sealed


class EmailState(models.TextChoices):
    QUEUED = "queued", _("Queued")  # nobody works on it; due from `due_at` on
    SENDING = "sending", _("Sending")  # a worker holds it until `leased_until`; no byte of the message has gone out
    HANDED = "handed", _("Handed over")  # committed just before DATA: from here on the mail server may have it
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class EmailQuerySet(models.QuerySet["Email"]):
    def due(self, *, at: datetime | None = None) -> EmailQuerySet:
        """Emails that a worker should take now: queued ones whose time has come, and ones whose worker went silent."""
        moment = at or Now()
        return self.filter(
            models.Q(state=EmailState.QUEUED, due_at__lte=moment)
            | models.Q(state__in=[EmailState.SENDING, EmailState.HANDED], leased_until__lt=moment)
        )

    def failed(self) -> EmailQuerySet:
        """Those that no worker tries again unless somebody asks for it."""
        return self.filter(state=EmailState.FAILED)

    def about(self, subject_number: str) -> EmailQuerySet:
        """Emails about one thing of a room above, by its public number (an agreement number)."""
        return self.filter(about=subject_number)


class Email(models.Model):
    """One message to one address.

    `key` makes queueing twice harmless. `text` and `html` hold `placeholder` where a sealed link's token belongs; the
    token itself is derived again from `sealed_nonce` and `sealed_purpose` when the message is handed over, and is
    stored nowhere (X5). A link that cannot be derived is `sealed_secret`, encrypted, and gone once the email is sent.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)  # EM201 ... as in SPEC section 5
    about = models.CharField(max_length=40, blank=True, db_index=True)
    to_address = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, default="en")
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField()
    attachment_name = models.CharField(max_length=100, blank=True)
    attachment = models.BinaryField(null=True)
    placeholder = models.CharField(max_length=60, blank=True)
    sealed_nonce = models.BinaryField(null=True)
    sealed_purpose = models.CharField(max_length=30, default=sealed.DECISION_LINK)
    sealed_secret = models.BinaryField(null=True)
    message_id = models.CharField(max_length=120, unique=True)

    state = models.CharField(max_length=10, choices=EmailState.choices, default=EmailState.QUEUED)
    queued_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)  # whose lease it is: a worker that woke up late finds another one's here
    attempts = models.PositiveSmallIntegerField(default=0)
    uncertain_attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    body_forgotten_at = models.DateTimeField(null=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        ordering = ["queued_at", "pk"]
        indexes = [
            models.Index(fields=["due_at"], name="email_queued", condition=models.Q(state="queued")),
            models.Index(
                fields=["leased_until"], name="email_leased", condition=models.Q(state__in=["sending", "handed"])
            ),
            models.Index(fields=["queued_at"], name="email_body_age", condition=models.Q(body_forgotten_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=EmailState.values), name="email_state_is_known"),
            models.CheckConstraint(
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False), name="email_sent_has_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(placeholder="", sealed_nonce=None, sealed_secret=None)
                | (~models.Q(placeholder="") & models.Q(sealed_nonce__isnull=False, sealed_secret=None))
                | (~models.Q(placeholder="") & models.Q(sealed_nonce=None, sealed_secret__isnull=False))
                | models.Q(state="sent", sealed_secret=None),
                name="email_placeholder_has_its_seal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"


def new_message_id() -> str:
    """The left part of a Message-ID; the row keeps it, so that a second try carries the same one."""
    return uuid.uuid4().hex
