"""The doorbell: after a commit, tell the workers that something may be due.

Ringing is best effort. What is due stands in PostgreSQL and the sweeps find it anyway, so a lost, repeated or late ring
is harmless, and nobody who waits for an answer waits for the broker (E2).
"""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

# After a failed ring this process does not ring again for so many seconds: a frozen broker costs one time-out, not one
# per request.
SILENCE_AFTER_FAILURE = 15.0
_silent_until = 0.0


def ring(happening: str) -> None:
    """Ring for `happening` (a key of settings.DOORBELLS) once the current transaction has committed."""
    tasks = settings.DOORBELLS[happening]
    connection = transaction.get_connection()
    waiting = [hook[1] for hook in connection.run_on_commit]
    for task in tasks:
        press = _Press(task)
        if press not in waiting:
            transaction.on_commit(press, robust=True)


class _Press:
    """One task to send; equal to another press of the same task, so that a transaction rings once."""

    def __init__(self, task: str) -> None:
        self.task = task

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Press) and other.task == self.task

    def __hash__(self) -> int:
        return hash(self.task)

    def __call__(self) -> None:
        global _silent_until
        if settings.CELERY_BROKER_URL.startswith("memory:") or time.monotonic() < _silent_until:
            return
        try:
            current_app.send_task(self.task, retry=False, expires=60, ignore_result=True)
        except Exception as error:  # whatever the broker's client raises: the sweep does the work
            _silent_until = time.monotonic() + SILENCE_AFTER_FAILURE
            logger.warning(
                "The broker did not take a ring for %s (%s); the sweep will find the work.",
                self.task,
                type(error).__name__,
            )
