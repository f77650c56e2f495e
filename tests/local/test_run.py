"""`make run` in a separate checkout starts, refuses to run twice, survives kill -9 and leaves nothing running."""

from __future__ import annotations

import json
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
    pytest.mark.fault,
    pytest.mark.timeout(480),
    pytest.mark.skipif(sys.platform != "linux", reason="Reads /proc."),
]

MARK = "SMT_TEST_OF_THE_SUPERVISOR"
WORKER = "local.worker"
LEFT_OUT = (".venv", ".git", "var", "tests", "bench", "__pycache__", ".*_cache", ".hypothesis", ".env", "node_modules")


class Checkout:
    """A copy of the project in a folder whose name has spaces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.var = folder / "var"
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        ours = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PORT", "PORTAL_ORIGIN", "MAILBOX_DIR", "SMT_ENV"}
        self.env = {name: value for name, value in os.environ.items() if name not in ours} | {MARK: str(folder)}

    def run(self, module: str = "local.run", output: str = "output.txt") -> subprocess.Popen[str]:
        with (self.folder / output).open("w") as out:
            command = [sys.executable, "-m", *module.split()]
            return subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=out, stderr=out, text=True)

    def start(self) -> subprocess.Popen[str]:
        """`make run`, as soon as the portal answers."""
        process = self.run()
        self.supervisor = process.pid
        deadline = time.monotonic() + 300
        while "Ctrl-C stops everything" not in self.output():
            assert process.poll() is None and time.monotonic() < deadline, self.output()
            time.sleep(0.05)
        return process

    def output(self, name: str = "output.txt") -> str:
        return (self.folder / name).read_text()

    def address(self) -> str:
        return re.search("PORTAL_ORIGIN='(.*)'", (self.var / "running.env").read_text())[1]

    def pids(self, command: str) -> list[int]:
        """Process ids of the supervisor's direct children whose command lines match `command`."""
        pids = Path(f"/proc/{self.supervisor}/task/{self.supervisor}/children").read_text().split()
        return [int(pid) for pid in pids if re.search(command, _command(Path("/proc") / pid))]

    def leave_an_older_database(self) -> None:
        """What a version with other migrations left in var/: a cluster, mail, and no record of these migrations."""
        (self.var / "mail").mkdir(parents=True)
        (self.var / "mail" / "old.eml").write_text("Subject: old\n\nold")
        record = {"migrations": {"notifications/migrations/0003_sealed_secret.py": "hash"}, "demo": {}}
        (self.var / "database.json").write_text(json.dumps(record))
        (self.var / "postgres").mkdir()
        (self.var / "postgres" / "PG_VERSION").write_text("18")

    def left_running(self) -> list[str]:
        """Command lines of every process that descends from this checkout's `make run`."""
        commands = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = _command(process)
                environment = process.joinpath("environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if command and (f"{MARK}={self.folder}" in environment or str(self.folder) in command):
                commands.append(command)
        return commands

    def is_quiet_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.left_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def _command(process: Path) -> str:
    """Return the command line, or nothing if the process has just ended."""
    try:
        return process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.fixture
def checkout(tmp_path):
    checkout = Checkout(tmp_path / "a checkout")
    yield checkout
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={checkout.folder}" in process.joinpath("environ").read_text(errors="replace"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def test_make_run_from_start_to_nothing_left(checkout):
    checkout.leave_an_older_database()
    portal = checkout.start()
    address = checkout.address()
    assert address in checkout.output()
    assert checkout.output().count("Another version of the portal made the development database") == 1
    assert not (checkout.var / "mail" / "old.eml").exists()
    with urllib.request.urlopen(f"{address}/accounts/login/") as answer:  # asks the database
        assert answer.status == 200
    assert len(checkout.pids("")) == (5 if redis_program() else 4), "three or four servers, and the reaper"

    another = checkout.run(output="another.txt")
    assert another.wait(20) == 0
    assert f"is already running at {address}" in checkout.output("another.txt")
    manage = checkout.run("manage showmigrations notifications", output="manage.txt")
    assert manage.wait(60) == 0 and "[X] 0001_initial" in checkout.output("manage.txt")
    assert portal.poll() is None

    with (checkout.var / "log" / "worker.log").open("a") as log:
        log.write("the end of the worker's log\n")
    os.kill(checkout.pids(WORKER)[0], signal.SIGKILL)
    assert portal.wait(30) == 1
    assert "worker stopped unexpectedly (exit code -9)" in checkout.output()
    assert "    the end of the worker's log" in checkout.output()
    assert checkout.is_quiet_within(1), checkout.left_running()

    begun = time.monotonic()
    portal = checkout.start()
    assert time.monotonic() - begun < 40  # 3 seconds on an idle machine
    assert "Another version" not in checkout.output() and "has changed" not in checkout.output()
    portal.kill()
    portal.wait()
    assert checkout.is_quiet_within(10), checkout.left_running()

    with (checkout.folder / "demo" / "notices.py").open("a") as demo:
        demo.write("# changed\n")
    portal = checkout.start()
    assert "The demo has changed since this database was made" in checkout.output()
    portal.send_signal(signal.SIGINT)
    portal.send_signal(signal.SIGINT)  # an impatient user
    assert portal.wait(30) == 0, checkout.output()
    assert checkout.is_quiet_within(1), checkout.left_running()
    assert not (checkout.var / "running.env").exists()


def test_what_cannot_start_says_why_and_leaves_nothing(checkout):
    checkout.env["PORT"] = "eighty"
    portal = checkout.run()
    assert portal.wait(30) == 1
    assert "PORT is 'eighty', which is not a free port" in checkout.output()
    checkout.env["PORT"] = ""
    settings = checkout.folder / "smt_portal" / "settings.py"
    settings.write_text("raise RuntimeError('broken on purpose')\n")
    portal = checkout.run()
    assert portal.wait(60) == 1
    assert "preparation stopped unexpectedly" in checkout.output()
    assert "broken on purpose" in checkout.output()
    assert checkout.is_quiet_within(1), checkout.left_running()
