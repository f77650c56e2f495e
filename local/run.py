"""`make run`: the whole portal on a machine that has only Python, stopped by Ctrl-C.

It starts what the environment does not name (PostgreSQL, Redis, a mail catcher), then the web server, the worker and
beat. Everything is kept under `var/`. If a process ends by itself, everything is stopped. Nothing is left running, not
even after kill -9.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import environ

from local import database
from local.addresses import ROOT, VAR, publish_addresses, published_addresses, withdraw_addresses
from local.orphan_reaper import OrphanReaper
from local.processes import Process, ProcessEnded, wait_until
from local.servers import CannotEmbed, Postgres, Redis, make_runtime_dir, redis_program, remove_runtime_dir

LOGS = VAR / "log"
MAIL = VAR / "mail"
RUNTIME = VAR / "runtime"
SIGN_INS = VAR / "demo-logins.txt"
MIGRATIONS_RECORD = VAR / "migrations.json"
DATABASE = "smt_portal"
KEYS = ("SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY")
PUBLISHED = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "MAILBOX_DIR", "PORTAL_ORIGIN", *KEYS)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Like KeyboardInterrupt: only `main` may catch it."""


class Supervisor:
    """Starts, watches and stops the portal's processes. They stop in the opposite order of their start."""

    def __init__(self) -> None:
        self.env = {**os.environ, "SMT_ENV": "development", "PYTHONUNBUFFERED": "1"}
        self.processes: list[Process] = []  # all of them
        self.portal: list[Process] = []  # those that run the portal's own code
        self._stack = ExitStack()
        self._reaper = OrphanReaper()
        self._stack.callback(self._reaper.dismiss)

    def start(self) -> None:
        """Start everything and wait until the portal answers. Raises CannotEmbed and ProcessEnded."""
        for name, value in development_keys().items():
            self.env.setdefault(name, value)
        web_listener = self._stack.enter_context(web_socket())
        self.env.setdefault("PORTAL_ORIGIN", f"http://127.0.0.1:{web_listener.getsockname()[1]}")
        self.env.setdefault("REDIS_URL", "")
        runtime = make_runtime_dir(RUNTIME)
        self._stack.callback(remove_runtime_dir, RUNTIME)
        self.start_database(runtime)
        self.start_mail_catcher()
        self.start_redis(runtime)
        publish_addresses({name: self.env[name] for name in PUBLISHED if name in self.env})
        self.prepare_database()
        self.start_portal(web_listener)

    def start_database(self, runtime: Path) -> None:
        if self.env.get("DATABASE_URL"):
            return
        sockets = runtime / "postgres"
        sockets.mkdir(mode=0o700)
        runtime.chmod(0o711)  # PostgreSQL may run under another account
        postgres = Postgres(VAR / "postgres", runtime=sockets, log=LOGS / "postgres.log")
        if postgres.data.exists() and not database.is_of_this_version(MIGRATIONS_RECORD):
            say("Another version of the portal made the development database: making a new one, with a new demo.")
            postgres.remove_data()
            shutil.rmtree(MAIL, ignore_errors=True)
        say("Starting PostgreSQL ...")
        self._start_server(postgres)
        postgres.create_database(DATABASE)
        self.env["DATABASE_URL"] = postgres.url(DATABASE)

    def start_mail_catcher(self) -> None:
        if self.env.get("EMAIL_URL"):
            return
        mailbox = Path(self.env.setdefault("MAILBOX_DIR", str(MAIL)))
        mailbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        self._watch(self._process("mail catcher", "local.mail_catcher", mailbox, listener.fileno(), listener=listener))

    def start_redis(self, runtime: Path) -> None:
        if self.env["REDIS_URL"]:
            return
        if redis_program() is None:
            say("No redis-server for this machine: the worker looks for due work every few seconds instead.")
            return
        redis = Redis(runtime=runtime, log=LOGS / "redis.log")
        self._start_server(redis)
        self.env["REDIS_URL"] = redis.url

    def prepare_database(self) -> None:
        say("Preparing the database (the first time with a demo in it) ...")
        preparation = self._process("preparation", "local.database", SIGN_INS)
        try:
            while preparation.is_running():
                self.check()
                time.sleep(0.05)
            if preparation.popen.returncode:
                preparation.check()
        finally:
            preparation.stop()
        MIGRATIONS_RECORD.write_text(json.dumps(database.migration_hashes(), indent=2))

    def start_portal(self, listener: socket.socket) -> None:
        say("Starting the web server and the workers ...")
        # The terminal shows what they log, and the address printed there must not scroll away.
        self.env.setdefault("LOG_LEVEL", "WARNING")
        gunicorn = ["gunicorn", "smt_portal.wsgi:application", "--bind", f"fd://{listener.fileno()}"]
        gunicorn += ["--workers", "2", "--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"]
        gunicorn += ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []
        self.portal.append(self._watch(self._process("web server", *gunicorn, listener=listener)))
        # Beat need not catch up: every sweep reads what is due now.
        schedule = VAR / "celerybeat-schedule"
        for old in VAR.glob("celerybeat-schedule*"):
            old.unlink()
        celery = ["celery", "--quiet", "--app", "smt_portal"]
        if self.env["REDIS_URL"]:
            self.portal.append(self._watch(self._process("worker", *celery, "worker", "--concurrency", 2)))
            self.portal.append(
                self._watch(self._process("beat", *celery, "beat", "--schedule", schedule, "--pidfile", ""))
            )
        else:
            self.portal.append(self._watch(self._process("worker", "local.worker_without_redis", schedule)))
        wait_until(self.is_healthy, processes=self.processes, seconds=60, what="The portal")
        for process in self.portal:
            process.new_lines()  # what they logged while they started is in the logs only

    def _start_server(self, server: Postgres | Redis) -> None:
        self._stack.callback(server.stop)
        server.start()
        assert server.process
        self._watch(server.process)

    def _watch(self, process: Process) -> Process:
        """Stop the process with the portal, and the portal if the process ends."""
        self._stack.callback(process.stop)
        self._reaper.watch(process)
        self.processes.append(process)
        return process

    def _process(self, name: str, module: str, *arguments: object, listener: socket.socket | None = None) -> Process:
        return Process(
            name,
            [sys.executable, "-m", module, *map(str, arguments)],
            log=LOGS / f"{name.replace(' ', '-')}.log",
            env=self.env,
            cwd=ROOT,
            pass_fds=[listener.fileno()] if listener else [],
        )

    def is_healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/health/", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def address(self) -> str:
        return self.env["PORTAL_ORIGIN"]

    def welcome(self) -> None:
        mailbox = f"{self.address}/mailbox/" if self.env.get("MAILBOX_DIR") else self.env["EMAIL_URL"]
        say(f"\nThe portal is at {self.address}/")
        say(f"Read its emails at {mailbox}\n")
        say(f"{SIGN_INS.read_text().rstrip()}\n")
        say(f"Logs are in {LOGS}. Ctrl-C stops everything.")

    def check(self) -> None:
        """Raise ProcessEnded if a process has ended."""
        for process in self.processes:
            process.check()

    def show_output(self) -> None:
        """Print what the portal's own processes have logged since the last call."""
        for process in self.portal:
            for line in process.new_lines():
                say(line)

    def stop(self) -> None:
        withdraw_addresses()
        for process in self.portal:  # together, because each of them takes a while
            process.request_stop()
        self._stack.close()


def development_keys() -> dict[str, str]:
    """Return this checkout's own keys, made once: sessions and links survive a restart and fit no other machine."""
    path = VAR / "secrets.json"
    try:
        keys: dict[str, str] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        keys = {}
    if missing := [name for name in KEYS if name not in keys]:
        keys |= {name: secrets.token_urlsafe(64) for name in missing}
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600, exist_ok=False)
        unfinished.write_text(json.dumps(keys, indent=2))
        unfinished.replace(path)
    return keys


def web_socket() -> socket.socket:
    """Open the web server's socket: on PORT where it is set, else on 8000 or the next free port."""
    wanted = os.environ.get("PORT", "")
    if wanted and not wanted.isdigit():
        raise CannotEmbed(f"PORT is '{wanted}'. Set it to a number, for example PORT=8080.")
    for port in [int(wanted)] if wanted else [*range(8000, 8100), 0]:
        try:
            return socket.create_server(("127.0.0.1", port), backlog=256)
        except OSError:
            continue
    raise CannotEmbed(f"Port {wanted} is taken. Choose another one: PORT=8080 make run")


def lock_checkout() -> IO[str] | None:
    """Take the lock of this checkout's only supervisor. Returns None if another process has it.

    The kernel releases it when this process ends, however it ends.
    """
    lock = (VAR / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def say(text: str) -> None:
    with contextlib.suppress(OSError):  # if the terminal is gone, stopping in order matters more
        print(text, flush=True)


def handle_stop_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        ignore_stop_signals()  # a second Ctrl-C must not interrupt the stopping
        raise StopRequested

    for number in STOP_SIGNALS:
        signal.signal(number, stop)


def ignore_stop_signals() -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    VAR.mkdir(parents=True, exist_ok=True)
    VAR.chmod(0o711)
    LOGS.mkdir(exist_ok=True)
    LOGS.chmod(0o700)
    lock = lock_checkout()
    if lock is None:
        address = published_addresses().get("PORTAL_ORIGIN", "an address that it will print when it is ready")
        pid = (VAR / "run.lock").read_text().strip()
        say(f"The portal of this checkout already runs at {address} (process {pid}). Ctrl-C in its terminal stops it.")
        return 0
    withdraw_addresses()  # of a run that was killed
    if (ROOT / ".env").exists():
        environ.Env.read_env(ROOT / ".env")
    if os.environ.get("SMT_ENV", "development") != "development":
        say("`make run` is for development, but SMT_ENV (or .env) says otherwise. README.md explains production.")
        return 1
    supervisor = Supervisor()
    try:
        handle_stop_signals()
        supervisor.start()
        supervisor.welcome()
        while True:
            supervisor.check()
            supervisor.show_output()
            time.sleep(0.5)
    except StopRequested:
        say("\nStopping ...")
        return 0
    except (ProcessEnded, CannotEmbed) as error:
        say(f"\n{error}\n\nStopping everything.")
        return 1
    finally:
        ignore_stop_signals()
        supervisor.stop()
        say("Stopped.")


if __name__ == "__main__":
    sys.exit(main())
