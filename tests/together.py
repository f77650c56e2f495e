"""Run things at the same moment, each on a database connection of its own, as separate web processes would."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


def together(actions: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """What each of `actions` gave back or raised, in their order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], Result]) -> Result | Exception:
        try:
            connections["default"].ensure_connection()
            start.wait(timeout=30)
            return action()
        except Exception as error:  # whatever it was, the test that asked looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        return list(pool.map(run, actions))
