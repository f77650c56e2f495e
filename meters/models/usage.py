"""Usage as one row per premise, Central day and direction."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class FlowDirection(models.IntegerChoices):
    """The direction of energy. In files and tables a direction is a meter's channel."""

    CONSUMPTION = 0, "Consumption"
    SURPLUS_GENERATION = 1, "Surplus Generation"


class UsageDay(models.Model):
    """The readings of one premise, Central day and direction. The table is partitioned by month, so SQL creates it.

    `wh` has 92, 96 or 100 slots of watt-hours, one per 15 minutes of the day, NULL where none was read. `est` is NULL
    if nothing is estimated, else a bit per slot (slot i: byte i // 8, bit i % 8, lowest first). There is no foreign
    key: imports match the premise anyway, and checking a key would take 40 % of their time.
    """

    pk = models.CompositePrimaryKey("premise_id", "day", "channel")
    premise_id = models.IntegerField()
    day = models.DateField()
    channel = models.SmallIntegerField(choices=FlowDirection.choices)
    revision_at = models.DateTimeField()
    est = models.BinaryField(null=True)
    wh = ArrayField(models.IntegerField(null=True))

    class Meta:
        managed = False
        db_table = "usage_day"

    def __str__(self) -> str:
        return f"{self.day:%m/%d/%Y} {self.get_channel_display()}"


class CarriedSlots(models.Model):
    """Slots of a usage day that hold an older revision because the newer one had no rows for them.

    A row of the newer revision may still fill them, so that a file can be imported again after its rejected rows are
    fixed. `slots` has bits as in UsageDay.est. The row is valid only while `revision_at` is the usage day's.
    """

    pk = models.CompositePrimaryKey("premise_id", "day", "channel")
    premise_id = models.IntegerField()
    day = models.DateField()
    channel = models.SmallIntegerField(choices=FlowDirection.choices)
    revision_at = models.DateTimeField()
    slots = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.day:%m/%d/%Y} {self.get_channel_display()}"


class OldMonth(models.Model):
    """A month before the first kept day that was imported nevertheless, and is kept until then (ADR 9)."""

    month = models.DateField(primary_key=True)  # its first day
    kept_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"
