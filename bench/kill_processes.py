"""A process that imports a file in child processes and kills each of them with -9 midway.

python -m bench.kill_processes FILE TIMES SEED DAYS_AT_ONCE [careless]

Prints, as JSON, how many days were stored after each kill. `careless` disables the protection: every statement of an
import is committed by itself, and each child is killed where it records the slots that a merged day carries over.
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
        usage_merge.transaction = WithoutTransactions()

    def child() -> None:
        if mode == "careless":
            connection.execute_wrappers.append(die_at_carried_slots)
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
            raise SystemExit("The load was not killed: it carried over no slots.")
    print(json.dumps(stored))


class WithoutTransactions:
    """Replaces django.db.transaction, and has no transactions."""

    @contextmanager
    def atomic(self, savepoint=True):
        yield

    def set_rollback(self, rollback: bool) -> None:
        """Do nothing: there is no transaction to roll back."""


def die_at_carried_slots(execute, sql, params, many, context):
    if "INSERT INTO meters_carriedslots" in str(sql):
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)


if __name__ == "__main__":
    main(*sys.argv[1:])
