"""Run things at the same moment, each on a database connection of its own, as separate web processes would.

A control shows what happens without a defence. It must not need luck: `met` keeps those that raced in the window until
all of them are in it, and `somebody_waits` tells when another one has come as far as a lock that is held.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection, connections, transaction

Result = TypeVar("Result")
PATIENCE = 30  # seconds, for what comes within milliseconds on a machine that has nothing else to do


def together(actions: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """What each of `actions` gave back or raised, in their order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], Result]) -> Result | Exception:
        try:
            connections["default"].ensure_connection()
            start.wait(timeout=PATIENCE)
            return action()
        except Exception as error:  # whatever it was, the test that asked looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))


def one_after_the_other(first: Callable[[], Result], second: Callable[[], Result]) -> list[Result | Exception]:
    """Return what each returned or raised: `first` commits when `second` has come as far as the lock."""
    done = threading.Event()

    def begin() -> Result:
        with transaction.atomic():
            outcome = first()
            done.set()
            until_somebody_waits()
        return outcome

    def follow() -> Result:
        done.wait(timeout=PATIENCE)
        return second()

    return together([begin, follow])


def met(function: Callable[..., Result], *, by: int) -> Callable[..., Result]:
    """`function`, whose answer `by` threads of `together` get at the same moment: each has looked, none has acted."""
    all_have_looked = threading.Barrier(by)

    def look(*args: Any, **options: Any) -> Result:
        found = function(*args, **options)
        if threading.current_thread() is not threading.main_thread():
            all_have_looked.wait(timeout=PATIENCE)
        return found

    return look


def somebody_waits() -> bool:
    """Whether another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees who was there when it first looked
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return bool(cursor.fetchone()[0])


def until_somebody_waits() -> None:
    deadline = time.monotonic() + PATIENCE
    while not somebody_waits():
        assert time.monotonic() < deadline, "Nobody came as far as the lock."
        time.sleep(0.02)
