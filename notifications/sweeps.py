"""Sweeps without a broker: what beat and workers do with Redis, in one process with a thread per queue (E6)."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict

from celery import current_app
from django.db import close_old_connections

logger = logging.getLogger(__name__)

AT_ONCE_SECONDS = 60  # sweeps that run less often have time until after the start


def sweeps_by_queue() -> dict[str, dict[str, float]]:
    """Return queue -> task -> seconds between two runs, from the schedule of beat."""
    current_app.loader.import_default_modules()
    queues: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in current_app.conf.beat_schedule.values():
        route = current_app.amqp.router.route({}, entry["task"])
        queues[route["queue"].name][entry["task"]] = entry["schedule"]
    return dict(queues)


def run_sweep(task: str) -> None:
    """Run a task here and now; whatever it raises, the next run begins with a good connection."""
    close_old_connections()
    try:
        current_app.tasks[task]()
    except Exception:  # of any kind: the other sweeps go on
        logger.exception("The sweep %s failed.", task)
    finally:
        close_old_connections()


def start_loops(stop: threading.Event) -> list[threading.Thread]:
    """Start a thread for each queue that runs its sweeps until `stop`."""
    threads = [
        threading.Thread(target=_run_loop, args=(sweeps, stop), name=queue, daemon=True)
        for queue, sweeps in sweeps_by_queue().items()
    ]
    for thread in threads:
        thread.start()
    return threads


def _run_loop(sweeps: dict[str, float], stop: threading.Event) -> None:
    now = time.monotonic()
    next_at = {task: now + (seconds if seconds > AT_ONCE_SECONDS else 0) for task, seconds in sweeps.items()}
    while not stop.is_set():
        for task, seconds in sweeps.items():
            if time.monotonic() >= next_at[task]:
                run_sweep(task)
                next_at[task] = time.monotonic() + seconds
        stop.wait(max(min(next_at.values()) - time.monotonic(), 0))
