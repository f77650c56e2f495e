"""`manage.py sweep --loop`: process what is due without a broker (E6)."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from notifications.sweeps import run_sweep, start_loops, sweeps_by_queue


class Command(BaseCommand):
    help = "Run every sweep once, without Redis: emails, reports, uploads, expiry, retention."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Go on until SIGTERM, with one thread per queue.")
        parser.add_argument("--heartbeat", type=Path, help="A file that is touched while all threads live.")

    def handle(self, *args: Any, loop: bool, heartbeat: Path | None, **options: Any) -> None:
        if not loop:
            for sweeps in sweeps_by_queue().values():
                for task in sweeps:
                    run_sweep(task)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        threads = start_loops(stop)
        while not stop.wait(1):
            if heartbeat and all(thread.is_alive() for thread in threads):
                heartbeat.touch()
        for thread in threads:
            thread.join()
