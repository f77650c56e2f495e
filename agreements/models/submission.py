"""What a submission of the form needs: the draft of page 1 (T4, T9) and agreement numbers (L7)."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import connection, models
from django.db.models.functions import Now

from accounts.models import User


class Draft(models.Model):
    """The saved page 1 of a form. Its id makes a second click on Submit harmless (T9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    answers = models.JSONField()  # page 1 as entered; emptied on submission
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


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
