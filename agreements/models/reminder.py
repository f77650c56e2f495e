"""The reminders that the portal sends about a submission: when each is due, and what became of it (C12)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import models

from agreements.models.submission import Submission
from lib.central_time import CENTRAL, central_day


def reminder_times(initiated_at: datetime) -> dict[int, datetime]:
    """Return day -> when the reminder of that day is due: at the request's time of day, moved into daytime."""
    first, last = settings.REMINDER_HOURS
    wished = initiated_at.astimezone(CENTRAL).time().replace(second=0, microsecond=0)
    daytime = min(max(wished, time(first)), time(last - 1))
    begun_on = central_day(initiated_at)
    days = sorted(settings.REMINDER_DAYS)
    return {day: datetime.combine(begun_on + timedelta(days=day), daytime, CENTRAL) for day in days}


def is_daytime(at: datetime) -> bool:
    """Return whether people may get a reminder now, by Central time."""
    first, last = settings.REMINDER_HOURS
    return first <= at.astimezone(CENTRAL).hour < last


class ReminderOutcome(models.TextChoices):
    SENT = "sent"
    RESENT = "resent"  # not sent, because the company had just sent one
    UNDELIVERED = "undelivered"  # not sent, because the email before it was not delivered
    MISSED = "missed"  # not sent, because a later one was due already


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def just_sent(self, *, at: datetime) -> ReminderQuerySet:
        """Return reminders that went out so recently that the company may not resend the email yet."""
        return self.filter(outcome=ReminderOutcome.SENT, at__gt=at - settings.RESEND_PAUSE_AFTER_REMINDER)


class Reminder(models.Model):
    """What became of the reminder of one day. The constraint lets a submission have one for each day (C12)."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="reminders")
    day = models.PositiveSmallIntegerField()  # after the request: one of settings.REMINDER_DAYS
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=ReminderOutcome.choices)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "day"], name="reminder_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=ReminderOutcome.values), name="reminder_outcome_is_known"
            ),
        ]
        # For the daily limit of emails to one mailbox (X2).
        indexes = [models.Index(fields=["at"], name="reminder_sent", condition=models.Q(outcome=ReminderOutcome.SENT))]

    def __str__(self) -> str:
        return f"{self.submission}, day {self.day}: {self.outcome}"
