"""A process that loads a file in children and kills each of them with -9 in the middle.

python -m bench.killed FILE TIMES SEED DAYS_AT_ONCE [careless]

Prints, as JSON, how many days were stored after each kill. `careless` turns the defence off: every statement of a load
is committed by itself, and each child is killed where it notes what a merged day still holds of an older revision.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from contextlib import contextmanager


def main(path: str, times: str, seed: str, blocks: str, mode: str = "as it is") -> None:
    from bench.server import connect

    connect()
    from django.db import connection, connections

    from meters.imports import import_usage, usage, usage_merge
    from meters.models import UsageDay

    usage.DAYS_AT_ONCE = int(blocks)
    if mode == "careless":
        usage_merge.transaction = Careless()

    def child() -> None:
        if mode == "careless":
            connection.execute_wrappers.append(_die_between)
        import_usage(path)

    began = time.monotonic()
    if mode == "as it is":
        import_usage(path, dry_run=True)
    whole = time.monotonic() - began
    dice, stored = random.Random(int(seed)), []
    while len(stored) < int(times):
        connections.close_all()
        if not (pid := os.fork()):
            child()
            os._exit(0)
        if mode == "as it is":
            time.sleep(dice.uniform(0, whole))
            os.kill(pid, signal.SIGKILL)
        if os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
            stored.append(UsageDay.objects.count())
        elif mode == "careless":
            raise SystemExit("The load was not killed: it noted nothing.")
    print(json.dumps(stored))


class Careless:
    """Stands for django.db.transaction, and has no transactions."""

    @contextmanager
    def atomic(self):
        yield

    def set_rollback(self, rollback: bool) -> None:
        """The dry run's: there is nothing to take back."""


def _die_between(execute, sql, params, many, context):
    if "INSERT INTO meters_carriedslots" in str(sql):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)


if __name__ == "__main__":
    main(*sys.argv[1:])
