"""`make run`: the whole portal on a machine that has only Python, stopped by Ctrl-C.

It starts what the environment does not name (PostgreSQL, Redis, a mail catcher), then the web server and the worker
with beat. Everything is kept under `var/`. If a process ends by itself, everything is stopped. Nothing is left running,
not even after kill -9.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import environ

from local.addresses import ROOT, RUNNING_FILE, VAR, publish_addresses
from local.database import Origin
from local.mail_catcher import MailCatcher
from local.processes import CannotRun, Process, wait_until
from local.servers import Postgres, Redis, redis_program

LOGS = VAR / "log"
MAIL = VAR / "mail"
SIGN_INS = VAR / "demo-logins.txt"
ORIGIN_RECORD = VAR / "database.json"
DATABASE = "smt_portal"
KEYS = ("SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY")
PUBLISHED = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "MAILBOX_DIR", "PORTAL_ORIGIN", *KEYS)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor(ExitStack):
    """Starts, watches and stops the portal's processes. They stop in the opposite order of their start."""

    def __init__(self) -> None:
        super().__init__()
        self.env = {"REDIS_URL": "", "LOG_LEVEL": "WARNING", **development_keys(), **os.environ}
        self.env |= {"SMT_ENV": "development", "PYTHONUNBUFFERED": "1"}
        self.urls: dict[str, str] = {}  # DATABASE_URL of the web server and of the worker, if they are not the owner's
        self.processes: list[Process] = []
        self.origin: Origin | None = None  # of the development database, if an earlier run made it

    def run(self) -> NoReturn:
        """Start everything, then print what the portal logs until a process ends. Raises CannotRun."""
        listener = self.enter_context(web_socket())
        address = self.env.setdefault("PORTAL_ORIGIN", f"http://127.0.0.1:{listener.getsockname()[1]}")
        if not self.env.get("DATABASE_URL"):
            self.start_postgres()
        mailbox = "EMAIL_URL"
        if not self.env.get("EMAIL_URL"):
            catcher = MailCatcher(Path(self.env.setdefault("MAILBOX_DIR", str(MAIL))))
            catcher.start()
            self.callback(catcher.stop)
            self.env["EMAIL_URL"], mailbox = catcher.url, f"{address}/mailbox/"
        if not self.env["REDIS_URL"] and redis_program():
            redis = Redis(log=LOGS / "redis.log")
            self.start_server(redis)
            self.env["REDIS_URL"] = redis.url
        publish_addresses({name: self.env[name] for name in PUBLISHED if name in self.env})
        self.callback(RUNNING_FILE.unlink, missing_ok=True)
        self.prepare_database()
        portal = self.start_portal(listener)
        print(f"\nThe portal is at {address}/\nRead its emails at {mailbox}\n\n{SIGN_INS.read_text().rstrip()}\n")
        if self.origin and self.origin.has_another_demo():
            print("The demo has changed since this database was made, so the database still has the earlier one.")
            print("To get the new demo, stop with Ctrl-C, then: make clean && make run\n")
        print(f"Logs are in {LOGS}. Ctrl-C stops everything.", flush=True)
        while True:
            for process in self.processes:
                process.check()
            for line in [line for process in portal for line in process.new_lines()]:
                print(line, flush=True)
            time.sleep(0.5)

    def start_postgres(self) -> None:
        postgres = Postgres(VAR / "postgres", log=LOGS / "postgres.log")
        origin = Origin.read(ORIGIN_RECORD)
        if postgres.data.exists() and not (origin and origin.can_be_migrated()):
            print("Another version of the portal made the development database: making a new one, with a new demo.")
            postgres.remove_data()
            shutil.rmtree(MAIL, ignore_errors=True)
        if postgres.data.exists():
            self.origin = origin
        print("Starting PostgreSQL ...", flush=True)
        self.start_server(postgres)
        postgres.create_database(DATABASE, with_roles=True)
        self.env["DATABASE_URL"] = postgres.url(DATABASE, "portal_owner")
        self.urls = {name: postgres.url(DATABASE, f"portal_{name}") for name in ("web", "worker")}

    def prepare_database(self) -> None:
        print("Preparing the database (the first time with a demo in it) ...", flush=True)
        preparation = self.start_process("preparation", "local.database", str(SIGN_INS))
        if preparation.popen.wait():
            preparation.check()
        self.processes.remove(preparation)
        if self.urls:
            current = Origin.of_this_version()
            Origin(current.migrations, self.origin.demo if self.origin else current.demo).write(ORIGIN_RECORD)

    def start_portal(self, listener: socket.socket) -> list[Process]:
        print("Starting the web server and the worker ...", flush=True)
        gunicorn = ["gunicorn", "--config=python:smt_portal.web_server", "smt_portal.wsgi:application"]
        gunicorn += [f"--bind=fd://{listener.fileno()}", "--graceful-timeout=5", "--log-level=warning"]
        web_server = self.start_process("web server", *gunicorn, role="web", pass_fds=[listener.fileno()])
        portal = [web_server, self.start_process("worker", "local.worker", role="worker")]

        def is_healthy() -> bool:
            connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=5)
            with contextlib.suppress(OSError):
                connection.request("GET", "/health/")
                return connection.getresponse().status == 200
            return False

        wait_until(is_healthy, processes=self.processes, seconds=60, what="The portal")
        for process in portal:
            process.new_lines()  # what they logged while they started is in the logs only
        return portal

    def start_server(self, server: Postgres | Redis) -> None:
        self.callback(server.stop)
        server.start()
        assert server.process
        self.processes.append(server.process)

    def start_process(self, name: str, *module: str, role: str = "", **options: Any) -> Process:
        log = LOGS / f"{name.replace(' ', '-')}.log"
        env = self.env | ({"DATABASE_URL": self.urls[role]} if role in self.urls else {})
        process = Process(name, [sys.executable, "-m", *module], log=log, env=env, cwd=ROOT, **options)
        self.callback(process.stop)
        self.processes.append(process)
        return process


def development_keys() -> dict[str, str]:
    """Return this checkout's own keys, made once: sessions and links survive a restart and fit no other machine."""
    path = VAR / "secrets.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: secrets.token_urlsafe(64) for name in KEYS}))
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def web_socket() -> socket.socket:
    """Open the web server's socket: on PORT where it is set, else on 8000 or the next free port."""
    wanted = os.environ.get("PORT")
    for port in [wanted] if wanted else [*range(8000, 8100), 0]:
        try:
            return socket.create_server(("127.0.0.1", int(port)), backlog=256)
        except (OSError, ValueError, OverflowError):
            continue
    raise CannotRun(f"PORT is '{wanted}', which is not a free port. Choose another one: PORT=8080 make run")


def stop_running(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a signal to stop."""
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the stopping
    raise KeyboardInterrupt


def main() -> int:
    VAR.mkdir(mode=0o711, exist_ok=True)
    LOGS.mkdir(mode=0o700, exist_ok=True)
    with (VAR / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel releases it, however this process ends
        except BlockingIOError:
            environ.Env.read_env(RUNNING_FILE)
            address = os.environ.get("PORTAL_ORIGIN", "an address that it will print when it is ready")
            print(f"The portal of this checkout is already running at {address}. Ctrl-C in its terminal stops it.")
            return 0
        RUNNING_FILE.unlink(missing_ok=True)  # of a run that was killed
        environ.Env.read_env(ROOT / ".env")
        if os.environ.get("SMT_ENV", "development") != "development":
            print("`make run` is for development, but SMT_ENV (or .env) says otherwise. See README.md for production.")
            return 1
        supervisor = Supervisor()
        for number in STOP_SIGNALS:
            signal.signal(number, stop_running)
        try:
            supervisor.run()
        except KeyboardInterrupt:
            print("\nStopping ...", flush=True)
            return 0
        except CannotRun as error:
            print(f"\n{error}\n\nStopping everything.", flush=True)
            return 1
        finally:
            supervisor.close()
            print("Stopped.")


if __name__ == "__main__":
    sys.exit(main())
