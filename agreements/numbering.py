"""Agreement numbers: MMDDYY of the Central day and a six-digit counter of that day (L7)."""

from __future__ import annotations

from datetime import date

from django.db import connection

HIGHEST = 999_999


class NumbersExhausted(Exception):
    """A day has given out all of its 999,999 numbers."""


def take_numbers(day: date, how_many: int) -> list[str]:
    """The next `how_many` numbers of `day`, in order. The counter's row stays locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO agreements_daycounter AS counter (day, last) VALUES (%s, %s)
            ON CONFLICT (day) DO UPDATE SET last = counter.last + excluded.last
            RETURNING last
            """,
            [day, how_many],
        )
        last: int = cursor.fetchone()[0]
    if last > HIGHEST:
        raise NumbersExhausted(f"All agreement numbers of {day} are given out; the next ones come tomorrow.")
    return [f"{day:%m%d%y}{counter:06d}" for counter in range(last - how_many + 1, last + 1)]
