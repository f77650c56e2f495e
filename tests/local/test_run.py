"""`make run` in a checkout of its own: starts, says so twice, is killed, starts again, and leaves nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from local.addresses import ROOT
from local.servers import redis_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="Reads /proc."),
]

MARK = "SMT_TEST_OF_THE_SUPERVISOR"
LEFT_OUT = (".venv", ".git", "var", "tests", "bench", "__pycache__", ".*_cache", ".hypothesis", ".env", "node_modules")


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        ours = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PORT", "PORTAL_ORIGIN", "MAILBOX_DIR", "SMT_ENV"}
        self.env = {name: value for name, value in os.environ.items() if name not in ours}
        self.env[MARK] = folder.name

    @property
    def var(self) -> Path:
        return self.folder / "var"

    def start(self) -> subprocess.Popen[str]:
        """`make run`, as soon as the portal answers."""
        process = self._run(self.folder / "output.txt")
        self.wait_for_output("Ctrl-C stops everything", of=process)
        return process

    def wait_for_output(self, *lines: str, of: subprocess.Popen[str] | None = None) -> None:
        deadline = time.monotonic() + 120
        while not all(line in self.output() for line in lines):
            assert of is None or of.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.05)

    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def once_more(self) -> str:
        """What a second `make run` says."""
        second = self._run(self.folder / "second.txt")
        assert second.wait(20) == 0
        return (self.folder / "second.txt").read_text()

    def address(self) -> str:
        return re.search("PORTAL_ORIGIN='(.*)'", (self.var / "running.env").read_text())[1]

    def main_processes(self) -> dict[str, int]:
        """The supervisor's children by their names on the terminal, and their process ids."""
        marks = {
            "PostgreSQL": "/bin/postgres -D",
            "Redis": "redis-server",
            "mail catcher": "local.mail_catcher",
            "web server": "-m gunicorn",
            "worker": " worker |local.worker_without_redis",
            "clock": " beat ",
        }
        supervisor = int((self.var / "run.lock").read_text())
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        commands = {int(pid): _command(Path("/proc") / pid) for pid in children}
        return {
            name: pid for name, mark in marks.items() for pid, command in commands.items() if re.search(mark, command)
        }

    def left_running(self) -> list[str]:
        """Command lines of every process that descends from this checkout's `make run`."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = _command(process)
                environment = process.joinpath("environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if command and (f"{MARK}={self.folder.name}" in environment or str(self.folder) in command):
                found.append(command)
        return found

    def nothing_left_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.left_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _run(self, output: Path) -> subprocess.Popen[str]:
        with output.open("w") as out:
            command = [sys.executable, "-m", "local.run"]
            return subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=out, stderr=out, text=True)


def _command(process: Path) -> str:
    """Nothing for one that is gone meanwhile."""
    try:
        return process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.fixture
def checkout(tmp_path):
    made = Checkout(tmp_path / f"a checkout {os.getpid()}")
    yield made
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={made.folder.name}" in process.joinpath("environ").read_text(errors="replace"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def test_make_run_from_start_to_nothing_left(checkout):
    portal = checkout.start()
    address = checkout.address()
    assert address in checkout.output()
    with urllib.request.urlopen(f"{address}/health/") as answer:
        assert answer.status == 200

    assert f"already runs at {address}" in checkout.once_more()
    assert portal.poll() is None

    portal.kill()
    portal.wait()
    assert checkout.nothing_left_within(10), checkout.left_running()

    begun = time.monotonic()
    portal = checkout.start()
    assert time.monotonic() - begun < 40  # 3 seconds on an idle machine
    assert (checkout.var / "runtime").exists()

    victims = checkout.main_processes()
    assert len(victims) == (6 if redis_program() else 4), victims
    for pid in victims.values():
        os.kill(pid, signal.SIGKILL)
    checkout.wait_for_output(*(f"{name} ended (killed by signal 9); started again" for name in victims))
    assert checkout.address() == address
    with urllib.request.urlopen(f"{address}/accounts/login/") as answer:  # asks the database too
        assert answer.status == 200
    second = checkout.main_processes()
    assert second.keys() == victims.keys() and not set(second.values()) & set(victims.values())
    os.kill(second["worker"], signal.SIGSTOP)  # frozen, and yet nothing of it is left in the end

    portal.send_signal(signal.SIGINT)
    portal.send_signal(signal.SIGINT)  # an impatient one
    assert portal.wait(30) == 0, checkout.output()
    assert checkout.left_running() == []
    assert not (checkout.var / "running.env").exists()
    assert not (checkout.var / "runtime").is_symlink()


def test_what_cannot_start_says_why_and_leaves_nothing(checkout):
    checkout.env["PORT"] = "eighty"
    portal = checkout._run(checkout.folder / "output.txt")
    assert portal.wait(30) == 1
    assert "PORT is 'eighty'" in checkout.output()
    checkout.env["PORT"] = ""
    settings = checkout.folder / "smt_portal" / "settings.py"
    settings.write_text("raise RuntimeError('broken on purpose')\n")
    portal = checkout._run(checkout.folder / "output.txt")
    assert portal.wait(60) == 1
    assert "preparation ended by itself" in checkout.output()
    assert "broken on purpose" in checkout.output()
    assert checkout.left_running() == []
