"""The worker and its clock in one process, for machines without Redis: `python -m smt_portal.clockwork SCHEDULE_FILE`.

An in-memory broker ends at the process's border, and `celery worker -B` starts its beat as another process. Here beat
is a thread beside the worker. Web rings no bell then; the sweeps find what is due.
"""

from __future__ import annotations

import sys

from celery.beat import EmbeddedService

from smt_portal.celery import app


def main() -> None:
    app.loader.import_default_modules()
    beat = EmbeddedService(app, thread=True, schedule_filename=sys.argv[1])
    beat.daemon = True
    beat.start()
    app.worker_main(["worker", "--pool=threads", "--concurrency=2", "--loglevel=INFO"])


if __name__ == "__main__":
    main()
