"""The form and its submission: the draft of page 1 (T4, T9), what was submitted (C10, T15), agreement numbers (L7)."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from companies.models import Company

CHANGED = "changed"  # in `entries` of a draft whose page 1 was changed: another draft has it now


class DraftQuerySet(models.QuerySet["Draft"]):
    def of_form(self, draft_id: str, user_id: int) -> Draft | None:
        """Return the user's draft that a form's address names; None if there is no such draft any more."""
        try:
            return self.filter(pk=uuid.UUID(draft_id), user=user_id).first()
        except ValueError:
            return None

    def unchecked(self, user_id: int) -> DraftQuerySet:
        """Return the user's drafts of a page 1 that was kept when the session had ended (T10), the latest first."""
        return self.filter(user=user_id, submitted_at=None, answers={}).order_by("-created_at")

    def unfinished(self, user_id: int) -> DraftQuerySet:
        """Return the user's drafts that can be continued, without those whose page 1 was changed, the latest first."""
        drafts = self.filter(user=user_id, submitted_at=None).exclude(entries__has_key=CHANGED)
        return drafts.order_by("-created_at", "pk")


class Draft(models.Model):
    """A form that is not submitted yet. Its id makes a second click on Submit harmless (T9).

    Page 1 never changes once it is checked, so that page 2 submits what it displays: a change makes another draft.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    # What was typed; emptied on submission.
    entries = models.JSONField(default=dict)  # page 1 unchecked, if it could not be sent (T10)
    answers = models.JSONField(default=dict)  # page 1 checked
    page_2 = models.JSONField(default=dict)  # page 2 unchecked
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)

    objects = DraftQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)

    @property
    def person(self) -> str:
        """The customer as typed so far: name, company or email; empty if none was typed."""
        typed = self.answers.get("person", self.entries)
        name = " ".join(filter(None, (typed.get("first_name"), typed.get("last_name"))))
        return str(name or typed.get("company_name") or typed.get("email") or "")

    @property
    def meter_count(self) -> int:
        """How many meters a checked page 1 has."""
        return len(self.answers.get("rows", ()))


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def reminder_due(self, *, at: datetime) -> SubmissionQuerySet:
        """Return submissions whose next reminder is due (C12); a partial index."""
        return self.filter(reminder_due_at__lte=at)


class Submission(models.Model):
    """A form that was submitted: what its agreements, one per meter, have in common, and their one link (C10).

    The token of the decision link is derived from `link_nonce` and looked up by its hash (X5).
    """

    draft_id = models.UUIDField(unique=True, editable=False)  # of a draft that is not kept as long (T9)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="submissions")
    initiated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    initiated_at = models.DateTimeField(_("initiated"))
    # Whose address the contact's was when the request was made (T17). The address in the agreements is a copy.
    contact_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Copied, like an agreement's names and addresses.
    privacy_policy_url = models.URLField(_("privacy policy"), blank=True)
    # Where the company has the customer's authorization, in its own words (V6).
    authorization_reference = models.CharField(
        _("authorization reference"), max_length=100, blank=True, default="", db_default=""
    )
    language = models.CharField(_("language preference"), max_length=10, choices=settings.LANGUAGES, default="en")
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    # When the portal looks whether to send the next reminder; null: never again (C12).
    reminder_due_at = models.DateTimeField(null=True, editable=False)
    # When the customer stopped the reminders.
    reminders_stopped_at = models.DateTimeField(null=True, editable=False)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["reminder_due_at"], name="submission_reminder_due", condition=Q(reminder_due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return str(self.draft_id)

    @property
    def sent_at(self) -> datetime:
        """When the request was first sent to the address that it has now (T15)."""
        return self.corrections.aggregate(last=models.Max("at"))["last"] or self.initiated_at


class AddressCorrection(models.Model):
    """The customer's address of a submission was replaced, and its decision link with it (T15).

    The hash of the old link lets its page say so. Of the addresses only masked forms are kept.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="corrections")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    old_link_hash = models.CharField(max_length=64, unique=True)
    old_address = models.CharField(max_length=260)
    new_address = models.CharField(max_length=260)

    class Meta:
        indexes = [models.Index(fields=["at"], name="address_correction_daily")]  # X2

    def __str__(self) -> str:
        return f"{self.submission} {self.at}"


HIGHEST = 999_999


class NumbersExhausted(Exception):
    """A day has used all of its 999,999 numbers."""


class DayCounter(models.Model):
    """The last six-digit counter used on a Central day."""

    day = models.DateField(primary_key=True)
    last = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"


def take_numbers(day: date, count: int) -> list[str]:
    """Return the next `count` numbers of `day`, in order. The counter's row stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO agreements_daycounter AS counter (day, last) VALUES (%s, %s)
            ON CONFLICT (day) DO UPDATE SET last = counter.last + excluded.last
            RETURNING last
            """,
            [day, count],
        )
        last: int = cursor.fetchone()[0]
    if last > HIGHEST:
        raise NumbersExhausted(f"All agreement numbers of {day} are used; the next ones come tomorrow.")
    return [f"{day:%m%d%y}{counter:06d}" for counter in range(last - count + 1, last + 1)]
