"""Wake workers after a commit: best effort, because the sweeps find the work anyway. No request waits for it (E2)."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from celery import current_app
from django.conf import settings
from django.db import transaction

logger = logging.getLogger(__name__)

# After a failure this process sends no wake-ups for so long: a frozen broker costs one timeout, not one per request.
PAUSE_AFTER_FAILURE_SECONDS = 15.0
_paused_until = 0.0


def wake_workers(event: str) -> None:
    """Send the tasks of `event` (a key of settings.WORKER_WAKEUPS) once the current transaction has committed."""
    queued = [hook[1] for hook in transaction.get_connection().run_on_commit]
    for task in settings.WORKER_WAKEUPS[event]:
        if (wakeup := _Wakeup(task)) not in queued:
            transaction.on_commit(wakeup, robust=True)


@dataclass(frozen=True)
class _Wakeup:
    """One task to send. Equal to another one of the same task, so that a transaction sends it once."""

    task: str

    def __call__(self) -> None:
        global _paused_until
        if settings.CELERY_BROKER_URL.startswith("memory:") or time.monotonic() < _paused_until:
            return
        try:
            current_app.send_task(self.task, retry=False, expires=60, ignore_result=True)
        except Exception as error:  # whatever the broker's client raises: the sweep does the work
            _paused_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            logger.warning("The broker did not take %s (%s). A sweep finds the work.", self.task, type(error).__name__)
