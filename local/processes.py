"""Processes that this one starts and that must not outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProcessEnded(Exception):
    """A process ended by itself. The message says which one, how, and how its log ends."""


class Process:
    """A running process in its own process group, with its own log.

    The group keeps a terminal's Ctrl-C from reaching everything at once, so that processes are stopped in order, and
    it includes what the process starts. On Linux the kernel also stops the process when its parent is killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        stop_signal: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        """Start `command` with an empty log. `options` are those of subprocess.Popen."""
        self.name = name
        self.log = log
        self.stop_signal = stop_signal
        self._shown_bytes = 0
        self._is_killed = False
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_stop_with_parent(stop_signal, os.getpid()),
                **options,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def check(self) -> None:
        """Raise ProcessEnded if the process has ended."""
        if self.is_running():
            return
        code = self.popen.wait()
        how = f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
        raise ProcessEnded(f"{self.name} ended by itself ({how}). The end of {self.log}:\n{self.log_end()}")

    def log_end(self, line_count: int = 15) -> str:
        """Return the last lines of the log, indented for a terminal."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"    {line}" for line in lines[-line_count:])

    def new_lines(self) -> list[str]:
        """Return the whole lines that were logged since the last call, with the process's name in front of each."""
        with self.log.open("rb") as log:
            log.seek(self._shown_bytes)
            text = log.read().rpartition(b"\n")[0]
        self._shown_bytes += len(text) + bool(text)
        return [f"{self.name} | {line}" for line in text.decode(errors="replace").splitlines()]

    def request_stop(self) -> None:
        if self.is_running():
            self.popen.send_signal(self.stop_signal)
            self._signal_group(signal.SIGCONT)  # a suspended process receives nothing else

    def stop(self, timeout_seconds: float = 10) -> None:
        """Ask the process to stop, wait, then kill it and everything it has started."""
        self.request_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the process group, including what an ended process has left behind."""
        if not self._is_killed:  # later the group's number may be another one's
            self._signal_group(signal.SIGKILL)
            self.popen.wait()
            self._is_killed = True

    def _signal_group(self, number: signal.Signals) -> None:
        # macOS reports "not permitted" for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def wait_until(is_ready: Callable[[], bool], *, processes: Sequence[Process], seconds: float, what: str) -> None:
    """Wait for `is_ready()`. Raises ProcessEnded if a process ends or `seconds` pass."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        for process in processes:
            process.check()
        if time.monotonic() > deadline:
            logs = "\n".join(f"  {process.log}:\n{process.log_end()}" for process in processes)
            raise ProcessEnded(f"{what} did not answer within {seconds:.0f} seconds.\n{logs}")
        time.sleep(0.05)


def _stop_with_parent(stop_signal: signal.Signals, parent: int) -> Callable[[], None] | None:
    """Return a function for the new process that asks Linux to signal it when its parent dies."""
    if _libc is None:
        return None
    libc = _libc

    def set_parent_death_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return set_parent_death_signal
