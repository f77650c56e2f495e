"""A Celery worker and beat in one process: `python -m local.worker`.

Beat is a thread: without Redis the broker is in memory, and works within one process only. The web server wakes no
worker then; the periodic sweeps find what is due.
"""

from __future__ import annotations

from celery.app.utils import find_app
from celery.beat import EmbeddedService

if __name__ == "__main__":
    app = find_app("smt_portal")
    app.loader.import_default_modules()
    # Beat has nothing to catch up on after a pause: every sweep finds what is due now. So it keeps no schedule file.
    EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler").start()
    app.worker_main(["--quiet", "worker", "--pool=threads", "--concurrency=2"])
