"""Premises, meters, usage and loads of files."""

from __future__ import annotations

from datetime import date, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from meters.models import (
    CarriedSlots,
    ElectricityProvider,
    Meter,
    OldMonth,
    Premise,
    Tdsp,
    Upload,
    UploadChunk,
    UploadKind,
    UploadRejection,
    UsageDay,
)
from meters.models import FlowDirection as Direction
from meters.usage.days import day_start, slots_on
from meters.usage.partitions import ensure_partitions


class TdspFactory(DjangoModelFactory):
    class Meta:
        model = Tdsp

    name = factory.Sequence(lambda n: f"Lone Star Delivery {n}")
    duns = factory.Sequence(lambda n: f"{100000000 + n}")


class ElectricityProviderFactory(DjangoModelFactory):
    class Meta:
        model = ElectricityProvider

    certificate_number = factory.Sequence(lambda n: f"{90000 + n % 10000}")
    name = factory.Sequence(lambda n: f"Bright Star Energy {n}, LLC")


class PremiseFactory(DjangoModelFactory):
    class Meta:
        model = Premise

    esiid = factory.Sequence(lambda n: f"1044372{n:010d}")
    tdsp = factory.SubFactory(TdspFactory)
    address = "400 N Olive Street"
    city = "Sunnyvale"
    zip_code = "75012"


class MeterFactory(DjangoModelFactory):
    class Meta:
        model = Meter

    premise = factory.SubFactory(PremiseFactory)
    number = factory.Sequence(lambda n: f"{104000000 + n}")


class UsageDayFactory(DjangoModelFactory):
    """A whole day of actual readings; pass `wh` for others. Its partition is made when it is missing."""

    class Meta:
        model = UsageDay

    class Params:
        premise = factory.SubFactory(PremiseFactory)

    premise_id = factory.SelfAttribute("premise.pk")
    day = date(2026, 3, 2)
    channel = Direction.CONSUMPTION
    revision_at = factory.LazyAttribute(lambda usage: day_start(usage.day) + timedelta(days=1, hours=8))
    wh = factory.LazyAttribute(lambda usage: list(range(slots_on(usage.day))))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        ensure_partitions(kwargs["day"], kwargs["day"])
        return super()._create(model_class, *args, **kwargs)


class CarriedSlotsFactory(DjangoModelFactory):
    """The first slot of a usage day still holds an older revision."""

    class Meta:
        model = CarriedSlots

    class Params:
        usage = factory.SubFactory(UsageDayFactory)

    premise_id = factory.SelfAttribute("usage.premise_id")
    day = factory.SelfAttribute("usage.day")
    channel = factory.SelfAttribute("usage.channel")
    revision_at = factory.SelfAttribute("usage.revision_at")
    slots = (1).to_bytes(12, "little")


class OldMonthFactory(DjangoModelFactory):
    """Usage of 2012, loaded today."""

    class Meta:
        model = OldMonth

    month = date(2012, 1, 1)
    kept_until = factory.LazyFunction(lambda: timezone.now() + timedelta(days=90))


class UploadFactory(DjangoModelFactory):
    """A queued load of every TDSP's usage; its file comes by UploadChunkFactory."""

    class Meta:
        model = Upload

    kind = UploadKind.USAGE
    file_name = "usage.csv"
    size = 100
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    by = factory.SubFactory("tests.factories.OperatorFactory")


class UploadChunkFactory(DjangoModelFactory):
    class Meta:
        model = UploadChunk

    upload = factory.SubFactory(UploadFactory)
    number = 0
    content = b"ESIID,METER_NUMBER\n"


class UploadRejectionFactory(DjangoModelFactory):
    class Meta:
        model = UploadRejection

    upload = factory.SubFactory(UploadFactory)
    file = "usage.csv"
    line = 2
    reason = "unknown_esiid"
