from __future__ import annotations

import os
import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from meters.days import parse_day
from meters.identifiers import normal_esiid
from meters.interval_csv import HEADER, render_day
from meters.models import Premise
from meters.usage import stream_usage


class Command(BaseCommand):
    help = (
        "Write the 15-minute CSV of an ESIID's days to standard output, byte for byte as Smart Meter Texas does (R3). "
        "Without usage in these days only the header is written and the exit status is 1."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("esiid", metavar="ESIID")
        parser.add_argument("first_day", metavar="FIRST_DAY", help=_("2025-03-09 or 03/09/2025"))
        parser.add_argument("last_day", metavar="LAST_DAY", help=_("2025-03-09 or 03/09/2025; included"))

    def handle(self, *args: Any, esiid: str, first_day: str, last_day: str, **options: Any) -> None:
        first, last = _day(first_day), _day(last_day)
        if last < first:
            raise CommandError(_("The last day is before the first one. Exchange them."), returncode=2)
        premise = Premise.objects.filter(esiid=normal_esiid(esiid) or "").first()
        if premise is None:
            raise CommandError(
                _("This ESIID is not on record. Check its digits, or load its premise first."), returncode=2
            )
        try:
            empty = self._write(premise, first, last)
        except BrokenPipeError:
            # Whoever read has had enough. What is still buffered must not complain on the way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        if empty:
            raise CommandError(
                _("There is no usage of this ESIID in these days. Load it first, or ask for other days."), returncode=1
            )

    def _write(self, premise: Premise, first: date, last: date) -> bool:
        out = getattr(self.stdout, "buffer", None)
        empty = True
        self._put(out, HEADER)
        for usage in stream_usage(premise.pk, first, last):
            empty = False
            self._put(
                out,
                render_day(premise.esiid, usage.day, usage.revision_at, usage.channel, usage.wh, usage.est),
            )
        if out is not None:
            out.flush()
        return empty

    def _put(self, out: Any, text: bytes) -> None:
        if out is None:  # a test's StringIO
            self.stdout.write(text.decode(), ending="")
        else:
            out.write(text)


def _day(typed: str) -> date:
    try:
        return parse_day(typed)
    except ValueError as error:
        raise CommandError(
            _("“%(typed)s” is not a day. Write it as 2025-03-09 or 03/09/2025.") % {"typed": typed}, returncode=2
        ) from error
