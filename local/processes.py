"""Processes that must not outlive the one that starts them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

# Reads the process groups to stop, one per line, until we end. Each that is left then gets a second to end in order,
# the newest first.
REAPER = """
while read -r group; do groups="$group $groups"; done
for group in $groups; do kill -INT -$group && sleep 1; done
for group in $groups; do kill -KILL -$group; done
"""


class CannotRun(Exception):
    """A server or process could not start, or stopped unexpectedly. The message says which one and why."""


class Process:
    """A running process with its own log, in its own process group, which includes what it starts.

    A terminal's Ctrl-C does not reach it, so that processes stop in order. If we are killed, a shell stops them.
    """

    def __init__(self, name: str, command: Sequence[str | Path], *, log: Path, **options: Any) -> None:
        """Start `command` with an empty log. `options` are those of subprocess.Popen."""
        self.name = name
        self.log = log
        self._printed_length = 0
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
            self.popen = subprocess.Popen(command, start_new_session=True, **streams, **options)
        reaper = _start_reaper()
        assert reaper.stdin
        reaper.stdin.write(f"{self.popen.pid}\n")
        reaper.stdin.flush()

    def check(self) -> None:
        """Raise CannotRun if the process has ended."""
        if (code := self.popen.poll()) is not None:
            raise CannotRun(
                f"{self.name} stopped unexpectedly (exit code {code}). The end of {self.log}:\n{self.log_end()}"
            )

    def wait_for(self, text: str) -> None:
        """Wait until the log contains `text`. Raises CannotRun."""
        wait_until(lambda: text in self.log.read_text(errors="replace"), processes=[self], seconds=60, what=self.name)

    def log_end(self, line_count: int = 15) -> str:
        """Return the last lines of the log, indented for a terminal."""
        return "\n".join(f"    {line}" for line in self.log.read_text(errors="replace").splitlines()[-line_count:])

    def new_lines(self) -> list[str]:
        """Return what was logged since the last call, with the process's name in front of each line."""
        with self.log.open(errors="replace") as log:
            log.seek(self._printed_length)
            lines = [f"{self.name} | {line.rstrip()}" for line in log.readlines()]
            self._printed_length = log.tell()
        return lines

    def stop(self, timeout_seconds: float = 10) -> None:
        """Ask the process to stop, wait, then kill it and everything it has started."""
        self.popen.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the process group, including what an ended process has left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids it for a group of zombies
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def wait_until(is_ready: Callable[[], bool], *, processes: Sequence[Process], seconds: float, what: str) -> None:
    """Wait for `is_ready()`. Raises CannotRun if a process ends or `seconds` pass."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        for process in processes:
            process.check()
        if time.monotonic() > deadline:
            logs = "\n".join(f"  {process.log}:\n{process.log_end()}" for process in processes)
            raise CannotRun(f"{what} did not answer within {seconds:.0f} seconds.\n{logs}")
        time.sleep(0.05)


@cache
def _start_reaper() -> subprocess.Popen[str]:
    command = ["sh", "-c", REAPER]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, start_new_session=True, text=True
    )
