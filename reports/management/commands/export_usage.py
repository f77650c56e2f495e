import os
import sys
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from agreements.models import ReportType
from agreements.period import Period
from meters.identifiers import normalize_esiid
from meters.models import Premise
from meters.usage.days import parse_day
from meters.usage.reader import stream_usage
from reports.csv_layouts import csv_chunks, csv_layout


class Command(BaseCommand):
    help = (
        "Write the CSV of an ESIID's days to standard output, byte for byte as in a report of that type (R3). "
        "If there is no usage on these days, write only the header and exit with status 1."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("esiid", metavar="ESIID")
        parser.add_argument("first_day", metavar="FIRST_DAY", help=_("2025-03-09 or 03/09/2025"))
        parser.add_argument("last_day", metavar="LAST_DAY", help=_("2025-03-09 or 03/09/2025, inclusive"))
        parser.add_argument("--type", choices=ReportType.values, default="interval", help=_("interval by default"))
        parser.add_argument("--clean", action="store_true", help=_("add UTC times (interval only)"))

    def handle(
        self, *args: Any, esiid: str, first_day: str, last_day: str, type: str, clean: bool, **options: Any
    ) -> None:
        first, last = _parse_day(first_day), _parse_day(last_day)
        if last < first:
            raise CommandError(_("The last day is before the first day. Swap them."), returncode=2)
        if clean and type != ReportType.INTERVAL:
            raise CommandError(_("--clean needs --type interval. Leave out --clean."), returncode=2)
        premise = Premise.objects.filter(esiid=normalize_esiid(esiid) or "").first()
        if premise is None:
            raise CommandError(
                _("This ESIID is not on record. Check its digits, or load its premise first."), returncode=2
            )
        layout, days = csv_layout(type, with_utc=clean), stream_usage(premise.pk, first, last)
        try:
            chunks = csv_chunks(layout, premise.esiid, Period(first, first, last), days)
            size = sum(map(sys.stdout.buffer.write, chunks))
            sys.stdout.buffer.flush()
        except OSError as error:
            # Discard what is buffered, so that Python does not complain on exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                return  # the reader has closed the pipe
            # For example a full disk. The exit status 1 would mean "no usage".
            raise CommandError(
                _("The CSV can't be written: %(reason)s. Free up space and try again.") % {"reason": error.strerror},
                returncode=2,
            ) from error
        if size == len(layout.header):
            raise CommandError(
                _("There is no usage for this ESIID on these days. Load it first, or choose other days."), returncode=1
            )


def _parse_day(typed: str) -> date:
    try:
        return parse_day(typed)
    except ValueError as error:
        raise CommandError(
            _("“%(typed)s” is not a date. Write it as 2025-03-09 or 03/09/2025.") % {"typed": typed}, returncode=2
        ) from error
