"""Agreement numbers: MMDDYY of the Central day and a six-digit counter of that day (L7)."""

from __future__ import annotations

from datetime import date

from django.db import connection, models

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
