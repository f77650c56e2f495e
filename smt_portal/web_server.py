"""gunicorn's configuration, with which the image starts it (O5).

    gunicorn --config python:smt_portal.web_server smt_portal.wsgi:application

Threads, because a request that waits for a lock or for a slow client must not hold the others (O1). Nothing of this
replaces the proxy, which takes in each request as a whole; see docs/operating.md.
"""

from __future__ import annotations

import logging.config
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smt_portal.settings")

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "2"))
threads = int(os.environ.get("WEB_THREADS", "12"))
worker_connections = 500  # of each process, waiting ones included
timeout = 60  # without a sign of life from a process, not from a request
graceful_timeout = 20
keepalive = 15
backlog = 512
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True

CLIENT_SILENCE_SECONDS = 10  # in the middle of a request or of a response


class FilteredLogger(Logger):
    """gunicorn's own messages, such as a worker that hangs, pass the filter of every other line (X4)."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("A client fell silent in the middle of a request or response.")
        else:
            super().exception(msg, *args, **kwargs)


logger_class = FilteredLogger


def post_worker_init(worker: Any) -> None:
    """Give up on clients that fall silent: accepted connections inherit these options of the listening socket."""
    silence = struct.pack("ll", CLIENT_SILENCE_SECONDS, 0)
    for listener in worker.sockets:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, silence)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, silence)
