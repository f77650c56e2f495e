"""Development's worker: `python -m local.worker`.

Sweeps run in one thread per queue, so that no kind of work waits for another. With Redis, wake-ups come on top, to a
Celery worker in the same process; without it the web server wakes no worker, and the sweeps find what is due.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

from celery.app.utils import find_app

if __name__ == "__main__":
    app = find_app("smt_portal")
    app.loader.import_default_modules()
    app.set_current()

    from notifications.sweeps import start_loops  # needs Django's settings

    stop = threading.Event()
    start_loops(stop)
    if app.conf.broker_url.startswith("memory:"):

        def stop_running(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop_running)
        stop.wait()
    else:
        app.worker_main(["--quiet", "worker", "--pool=threads", "--concurrency=4"])
