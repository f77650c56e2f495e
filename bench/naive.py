"""The obvious implementation, for comparison: a row per interval, Django's ORM, csv.writer."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from typing import IO

from django.db import connection, models

from lib.central_time import CENTRAL
from meters.models import Premise
from meters.usage.days import SPRING, day_start, slots_on
from meters.usage.interval_csv import COLUMNS
from meters.usage.reader import stream_usage

QUARTER = timedelta(minutes=15)


class Interval(models.Model):
    premise = models.ForeignKey(Premise, on_delete=models.CASCADE, related_name="+")
    start_at = models.DateTimeField()
    kwh = models.DecimalField(max_digits=8, decimal_places=3)
    is_estimated = models.BooleanField(default=False)
    is_generation = models.BooleanField(default=False)
    revision_at = models.DateTimeField()

    class Meta:
        app_label = "bench"
        db_table = "bench_interval"
        constraints = [
            models.UniqueConstraint(fields=["premise", "is_generation", "start_at"], name="bench_interval_once")
        ]

    def __str__(self) -> str:
        return str(self.start_at)


def create_intervals(premises: list[int], first_day: date, last_day: date) -> int:
    """Copy the usage of these premises into a row per interval; return the rows."""
    with connection.schema_editor() as editor:
        editor.create_model(Interval)
    rows = 0
    for premise_id in premises:
        intervals = [
            Interval(
                premise_id=premise_id,
                start_at=day_start(usage.day) + slot * QUARTER,
                kwh=Decimal(wh) / 1000,
                revision_at=usage.revision_at,
            )
            for usage in stream_usage(premise_id, first_day, last_day)
            for slot, wh in enumerate(usage.wh)
            if wh is not None
        ]
        rows += len(Interval.objects.bulk_create(intervals, batch_size=5_000))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) bench_interval")
    return rows


def write_csv(esiid: str, first_day: date, last_day: date, file: IO[str]) -> None:
    """Write the 15-minute CSV of readings without gaps."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    readings = Interval.objects.filter(
        premise__esiid=esiid,
        start_at__gte=day_start(first_day),
        start_at__lt=day_start(last_day + timedelta(days=1)),
    ).select_related("premise")
    for reading in readings.order_by("start_at").iterator():
        start = reading.start_at.astimezone(CENTRAL)
        end = (reading.start_at + QUARTER).astimezone(CENTRAL)
        printed_start = f"{start:%H:%M}"
        if start.fold and start.hour == 1 and not start.minute:
            printed_start = "02:00"  # the repeated hour, as SMT labels it
        head = [f"'{reading.premise.esiid}", f"{start:%m/%d/%Y}"]
        head.append(f"{reading.revision_at.astimezone(CENTRAL):%m/%d/%Y %H:%M:%S}")
        label = "Surplus Generation" if reading.is_generation else "Consumption"
        if start.hour == 3 and not start.minute and slots_on(start.date()) == SPRING:
            for minute in (0, 15, 30, 45):
                last = f"02:{minute + 15}" if minute < 45 else "03:00"
                writer.writerow([*head, f"02:{minute:02}", last, "", "", label])
        printed_end = "02:00" if (start.hour, start.minute) == (1, 45) else f"{end:%H:%M}"
        kwh = f"{reading.kwh.normalize():f}"
        kwh = kwh.removeprefix("0") if kwh != "0" else kwh
        writer.writerow([*head, printed_start, printed_end, kwh, "E" if reading.is_estimated else "A", label])
