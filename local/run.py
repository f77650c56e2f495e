"""`make run`: the whole portal on a machine that has nothing but Python, stopped by Ctrl-C.

Starts what the environment does not name (PostgreSQL, Redis, a mail catcher), then the web server, the worker and the
clock; starts again what ends by itself; keeps everything under `var/`; leaves nothing running, also when it is killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

import environ

from local.addresses import ROOT, VAR, publish_addresses, published_addresses, withdraw_addresses
from local.processes import OrphanReaper, Process, ProcessDied, wait_until
from local.restarts import Kept, Program, Server
from local.servers import CannotEmbed, Postgres, Redis, make_runtime_dir, redis_program, remove_runtime_dir

LOGS = VAR / "log"
RUNTIME = VAR / "runtime"
DATABASE = "smt_portal"
PUBLISHED = (
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "MAILBOX_DIR",
    "PORTAL_ORIGIN",
    "SECRET_KEY",
    "DECISION_LINK_KEY",
    "MFA_KEY",
)


class StopRequested(BaseException):
    """Somebody asked the portal to stop; like KeyboardInterrupt, nothing but the top may catch it."""


class Portal:
    """The portal's processes, in the order in which they start; they stop in the opposite one."""

    def __init__(self) -> None:
        self.servers: list[Kept] = []
        self.portal: list[Kept] = []
        self.listeners: list[socket.socket] = []  # open to the end: who is started again finds its port as it was
        self.guardian = OrphanReaper(ROOT)
        self.env = {**os.environ, "SMT_ENV": "development", "PYTHONUNBUFFERED": "1"}

    # --- starting

    def start(self) -> None:
        for name, value in development_secrets().items():
            self.env.setdefault(name, value)
        listener = web_socket()
        self.listeners.append(listener)
        self.env.setdefault("PORTAL_ORIGIN", f"http://127.0.0.1:{listener.getsockname()[1]}")
        self.env.setdefault("REDIS_URL", "")
        runtime = make_runtime_dir(RUNTIME)
        self._start_mail_catcher()
        self._start_redis(runtime)
        self._start_database(runtime)
        publish_addresses({name: self.env[name] for name in PUBLISHED if name in self.env})
        self._prepare()
        self._start_portal(listener)

    def _start_database(self, runtime: Path) -> None:
        if self.env.get("DATABASE_URL"):
            return
        say("Starting PostgreSQL ...")
        sockets = runtime / "postgres"
        sockets.mkdir(mode=0o700)
        runtime.chmod(0o711)  # PostgreSQL may run under another account than ours
        postgres = Postgres(VAR / "postgres", runtime=sockets, log=LOGS / "postgres.log")
        self._keep(postgres, self.servers)
        postgres.create_database(DATABASE)
        self.env["DATABASE_URL"] = postgres.url(DATABASE)

    def _start_redis(self, runtime: Path) -> None:
        if self.env["REDIS_URL"]:
            return
        if redis_program() is None:
            say("No redis-server for this machine: the worker looks for due work every few seconds instead.")
            return
        redis = Redis(runtime=runtime, log=LOGS / "redis.log")
        self._keep(redis, self.servers)
        self.env["REDIS_URL"] = redis.url

    def _start_mail_catcher(self) -> None:
        if self.env.get("EMAIL_URL"):
            return
        mailbox = Path(self.env.setdefault("MAILBOX_DIR", str(VAR / "mail")))
        mailbox.mkdir(parents=True, exist_ok=True, mode=0o700)
        listener = socket.create_server(("127.0.0.1", 0))
        self.listeners.append(listener)
        self.env["EMAIL_URL"] = f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "local.mail_catcher", str(mailbox), str(listener.fileno())]
        self._keep(self._program("mail catcher", command, listener), self.servers)

    def _prepare(self) -> None:
        say("Preparing the database (the first time with a demo in it) ...")
        logins = VAR / "demo-logins.txt"
        command = [sys.executable, "-m", "local.prepare_database", str(logins)]
        preparation = Process("preparation", command, log=LOGS / "prepare.log", env=self.env, cwd=ROOT)
        try:
            while preparation.is_running():
                self.check()
                time.sleep(0.05)
            if preparation.process.returncode:
                preparation.check()
        finally:
            preparation.stop()

    def _start_portal(self, listener: socket.socket) -> None:
        say("Starting the web server and the workers ...")
        web = [sys.executable, "-m", "gunicorn", "smt_portal.wsgi:application", "--bind", f"fd://{listener.fileno()}"]
        web += ["--workers", "2", "--graceful-timeout", "5", "--no-control-socket"]
        web += ["--worker-tmp-dir", "/dev/shm"] if os.access("/dev/shm", os.W_OK) else []
        self._keep(self._program("web server", web, listener), self.portal)
        # A clock that was off has nothing to catch up with: every sweep looks at what is due now.
        schedule = VAR / "celerybeat-schedule"
        for old in VAR.glob("celerybeat-schedule*"):
            old.unlink()
        celery = [sys.executable, "-m", "celery", "--app", "smt_portal"]
        if self.env["REDIS_URL"]:
            worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"]
            clock = [*celery, "beat", "--schedule", str(schedule), "--pidfile", "", "--loglevel", "WARNING"]
            self._keep(self._program("worker", worker), self.portal)
            self._keep(self._program("clock", clock), self.portal)
        else:
            clockwork = [sys.executable, "-m", "local.worker_without_redis", str(schedule)]
            self._keep(self._program("worker", clockwork), self.portal)
        children = [kept.child for kept in self.servers + self.portal]
        wait_until(self._is_healthy, children=children, seconds=60, what="The portal")

    def _program(self, name: str, command: Sequence[str | Path], *listeners: socket.socket) -> Program:
        log = LOGS / f"{name.replace(' ', '-')}.log"
        fds = [listener.fileno() for listener in listeners]
        return Program(name, command, log=log, env=self.env, cwd=ROOT, pass_fds=fds)

    def _keep(self, server: Server, among: list[Kept]) -> None:
        kept = Kept(server, self.guardian)
        among.append(kept)
        kept.start()

    def _is_healthy(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.address}/health/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def address(self) -> str:
        return self.env["PORTAL_ORIGIN"]

    # --- running and stopping

    def welcome(self) -> None:
        logins = (VAR / "demo-logins.txt").read_text().rstrip()
        mailbox = f"{self.address}/mailbox/" if self.env.get("MAILBOX_DIR") else f"at {self.env['EMAIL_URL']}"
        say(f"\nThe portal is at {self.address}/")
        say(f"Mail it sends is at {mailbox}\n")
        say(f"{logins}\n")
        say(f"Logs are in {LOGS}. Ctrl-C stops everything.")

    def check(self) -> None:
        """Raise ProcessDied if something has ended. While the portal starts, that is reason enough to stop."""
        for kept in self.servers + self.portal:
            kept.child.check()

    def start_again_what_ended(self) -> None:
        """Raises ProcessDied for what does not stay up."""
        for kept in self.servers + self.portal:
            if line := kept.start_again():
                say(line)

    def stop(self) -> None:
        withdraw_addresses()
        for kept in self.portal:  # these take their time; let them take it together
            kept.ask_to_stop()
        for kept in [*reversed(self.portal), *reversed(self.servers)]:
            kept.stop()
        for listener in self.listeners:
            listener.close()
        remove_runtime_dir(RUNTIME)
        self.guardian.dismiss()


def development_secrets() -> dict[str, str]:
    """This checkout's own keys, made once: sessions and decision links survive a restart and fit no other machine."""
    kept = VAR / "secrets.json"
    try:
        found: dict[str, str] = json.loads(kept.read_text())
    except (FileNotFoundError, ValueError):
        found = {}
    missing = [name for name in ("SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY") if name not in found]
    if missing:
        found |= {name: secrets.token_urlsafe(64) for name in missing}
        fresh = kept.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(found, out, indent=2)
        fresh.replace(kept)
    return found


def web_socket() -> socket.socket:
    """The socket on which the web server will listen: PORT where it is set, else 8000 or the next free one."""
    wanted = os.environ.get("PORT", "")
    if wanted and not wanted.isdigit():
        raise CannotEmbed(f"PORT is '{wanted}'. Set it to a number, for example PORT=8080.")
    ports = [int(wanted)] if wanted else [*range(8000, 8100), 0]
    for port in ports:
        try:
            return socket.create_server(("127.0.0.1", port), backlog=256)
        except OSError:
            continue
    raise CannotEmbed(f"Port {wanted} is taken. Choose another one: PORT=8080 make run")


def lock_checkout() -> IO[str] | None:
    """The lock that makes this process the checkout's only supervisor, or None: another one has it.

    The kernel drops it with the process, however that ends.
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


def tell_who_runs() -> None:
    address = published_addresses().get("PORTAL_ORIGIN", "an address that it will print when it is ready")
    pid = (VAR / "run.lock").read_text().strip()
    say(f"The portal of this checkout already runs at {address} (process {pid}). Ctrl-C in its terminal stops it.")


def say(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError:
        pass  # the terminal is gone; stopping in order matters more


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        _ignore_signals()  # once is enough: a second Ctrl-C must not interrupt the stopping
        raise StopRequested

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    VAR.mkdir(parents=True, exist_ok=True)
    VAR.chmod(0o711)
    LOGS.mkdir(exist_ok=True)
    LOGS.chmod(0o700)
    lock = lock_checkout()
    if lock is None:
        tell_who_runs()
        return 0
    withdraw_addresses()  # what a killed run left
    if (ROOT / ".env").exists():
        environ.Env.read_env(ROOT / ".env")
    if os.environ.get("SMT_ENV", "development") != "development":
        say("`make run` is for development, but SMT_ENV (or .env) says otherwise. README.md tells how production runs.")
        return 1
    portal = Portal()
    failed = False
    try:
        _stop_on_signals()
        portal.start()
        portal.welcome()
        while True:
            portal.start_again_what_ended()
            time.sleep(0.5)
    except StopRequested:
        say("\nStopping ...")
    except (ProcessDied, CannotEmbed) as problem:
        say(f"\n{problem}\n\nStopping everything.")
        failed = True
    finally:
        _ignore_signals()
        portal.stop()
    say("Stopped.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
