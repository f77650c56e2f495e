"""The files that the demo's TDSPs loaded: one with rejected rows, one without, and one that can't be read (D2)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from demo.neighborhood import AEP_CENTRAL, CENTERPOINT, ONCOR, DemoPremise, Utility
from demo.people import STAFF, People
from demo.stories import Ago
from lib.central_time import central_day
from meters.imports.uploads import import_upload, queue_upload
from meters.models import Premise, Upload, UploadKind, UsageDay
from meters.usage.interval_csv import HEADER, render_day
from meters.usage.reader import stream_usage

TOOK = timedelta(seconds=4)


def load_files(people: People, places: dict[str, DemoPremise], now: datetime) -> None:
    """Load the files as of past days, the oldest first."""
    meters = "".join(f"'{place.esiid},{place.meter}\n" for place in places.values() if place.utility is ONCOR)
    _load(people, ONCOR, UploadKind.METERS, "meters.csv", f"ESIID,METER_NUMBER\n{meters}".encode(), Ago(12), now)
    spreadsheet = b"Meter;Date;Hour;kWh\n104051000;11/20;1;0.4\n"
    _load(people, AEP_CENTRAL, UploadKind.USAGE, "export.csv", spreadsheet, Ago(5, time(15, 2)), now)
    usage = _usage_file(places, now)
    _load(people, CENTERPOINT, UploadKind.USAGE, "usage.csv", usage, Ago(1, time(6, 20)), now)


def _usage_file(places: dict[str, DemoPremise], now: datetime) -> bytes:
    """Take one day's readings of CenterPoint's premises from the records, and add rows that can't be loaded."""
    day = central_day(now) - timedelta(days=2)
    esiids = {place.esiid: place for place in places.values() if place.utility is CENTERPOINT}
    lines = []
    for key, esiid in Premise.objects.filter(esiid__in=esiids).values_list("pk", "esiid"):
        for usage in stream_usage(key, day, day):
            printed = render_day(esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est)
            lines += printed.decode().splitlines()
        UsageDay.objects.filter(premise_id=key, day=day).delete()
    known, _comma, readings = lines[0].partition(",")
    stranger = next(place.esiid for place in places.values() if place.utility is ONCOR)
    spoiled = [
        f"'{stranger},{readings}",
        f"{known[:-6]}999999,{readings}",
        lines[2].rsplit(",", 3)[0] + ",n/a,A,Consumption",
        lines[3].rsplit(",", 3)[0] + ",-4.2,A,Consumption",
    ]
    return HEADER + "\n".join([*lines, *spoiled, ""]).encode()


def _load(
    people: People, utility: Utility, kind: UploadKind, name: str, content: bytes, when: Ago, now: datetime
) -> None:
    user, at = people.users[STAFF[utility].username], when.resolve(now)
    file = SimpleUploadedFile(f"{utility.slug}-{central_day(at)}-{name}", content)
    upload = queue_upload(kind, file, by=user, only_tdsp=user.tdsp_id, at=at)
    import_upload(upload, connection, at)
    Upload.objects.filter(pk=upload.pk).update(finished_at=at + TOOK)
