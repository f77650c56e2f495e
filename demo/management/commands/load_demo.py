"""`manage.py load_demo`: a made-up Texas to try the portal in."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from demo import loader
from demo.loader import LoadOutcome
from demo.logins import format_logins


class Command(BaseCommand):
    help = "Load the demo into an empty database (once), or with --show-logins list its users."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--show-logins", action="store_true", help="list users and examples, load nothing")
        parser.add_argument("--force", action="store_true", help="add the demo to a database that has other data")
        parser.add_argument("--premises", type=int, default=loader.PREMISES, help="premises (default %(default)s)")
        parser.add_argument("--days", type=int, default=loader.DAYS, help="days of usage (default %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["show_logins"]:
            self.stdout.write(format_logins())
            return
        started = time.monotonic()
        try:
            loaded = loader.load_demo(premises=options["premises"], days=options["days"], force=options["force"])
        except IntegrityError as error:
            raise CommandError(
                "Some of the demo's User IDs, ESIIDs, or DUNS numbers are taken in this database. Nothing was loaded. "
                "Load the demo into an empty database."
            ) from error
        if loaded.outcome is LoadOutcome.LOADED:
            self.stdout.write(
                f"Demo loaded in {time.monotonic() - started:.1f} seconds: {loaded.premises} premises, "
                f"{loaded.usage_rows} days of usage, {loaded.agreements} agreements."
            )
        elif loaded.outcome is LoadOutcome.ALREADY_LOADED:
            new = f"{loaded.usage_rows} new days of usage were added." if loaded.usage_rows else "Nothing has changed."
            self.stdout.write(f"The demo is already loaded. {new}")
        else:
            self.stdout.write(
                "This database has data but no demo, so nothing was loaded. "
                "To add the demo to that data, use: manage.py load_demo --force"
            )
