"""A Celery worker and beat in one process, for machines without Redis: `python -m local.worker_without_redis SCHEDULE`.

An in-memory broker works within one process only, and `celery worker -B` starts beat as another process. Here beat is
a thread beside the worker. The web server wakes no worker then; the periodic sweeps find what is due.
"""

from __future__ import annotations

import sys

from celery.app.utils import find_app
from celery.beat import EmbeddedService


def main() -> None:
    app = find_app("smt_portal")
    app.loader.import_default_modules()
    beat = EmbeddedService(app, thread=True, schedule_filename=sys.argv[1])
    beat.daemon = True
    beat.start()
    app.worker_main(["worker", "--pool=threads", "--concurrency=2", "--loglevel=INFO"])


if __name__ == "__main__":
    main()
