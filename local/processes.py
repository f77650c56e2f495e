"""Processes that this one starts and that must not outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProcessDied(Exception):
    """A child ended by itself; the message says which one, how, and with which last words."""


class Process:
    """One running process: its own process group, its own log, and on Linux a signal at its parent's death.

    The group keeps a terminal's Ctrl-C from hitting everything at once, so that we can stop in order, and lets us
    end what the child started too. The signal at the parent's death asks it to stop when nobody else can: after a
    kill -9 of the parent.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        user: int | None = None,
        group: int | None = None,
        pass_fds: Sequence[int] = (),
        stdin: bytes | None = None,
        cwd: Path | None = None,
        after: Process | None = None,
    ) -> None:
        """Start `command`. Its log begins anew, unless it comes `after` one that ended: why it did stays readable."""
        self.name = name
        self.log = log
        self.stop_signal = stop_signal
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab" if after else "wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env) if env is not None else None,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
                pass_fds=tuple(pass_fds),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_leash(stop_signal, os.getpid()),
            )
        if stdin is not None:
            _feed(self.process.stdin, stdin)

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_running(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 15) -> str:
        """The end of the child's log, indented for a terminal."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def check(self) -> None:
        """Raise `ProcessDied` if the child has ended."""
        if not self.is_running():
            raise ProcessDied(f"{self.name} ended by itself ({self.how_it_ended()}). {self.end_of_log()}")

    def how_it_ended(self) -> str:
        code = self.process.wait()
        return f"exit code {code}" if code >= 0 else f"killed by signal {-code}"

    def end_of_log(self) -> str:
        return f"The end of {self.log}:\n{self.last_words()}"

    def ask_to_stop(self) -> None:
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            self._signal_group(signal.SIGCONT)  # one that is frozen hears nothing else

    def stop(self, patience: float = 10) -> None:
        """Ask to stop, wait `patience` seconds, then end it and whatever it has started."""
        self.ask_to_stop()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def kill(self) -> None:
        """End it and whatever it has started at once; also what it has left behind, if it has ended already."""
        self._signal_group(signal.SIGKILL)
        self.process.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of zombies
            pass


class OrphanReaper:
    """A process that survives a kill -9 of this one and ends the children it was told of; see `guardian.py`."""

    def __init__(self, cwd: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.orphan_reaper"], stdin=subprocess.PIPE, cwd=cwd, start_new_session=True
        )

    def watch(self, child: Process) -> None:
        self._tell(child.pid)

    def forget(self, child: Process) -> None:
        """It has ended, and its number may become another process's."""
        self._tell(-child.pid)

    def _tell(self, number: int) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{number}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # somebody ended it; the signal at our death is what the children have left

    def dismiss(self) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()


def wait_until(is_ready: Callable[[], bool], *, children: Sequence[Process], seconds: float, what: str) -> None:
    """Wait for `is_ready()`; a child's death or `seconds` without success raise `ProcessDied`."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        for child in children:
            child.check()
        if time.monotonic() > deadline:
            words = "\n".join(f"  {child.log}:\n{child.last_words()}" for child in children)
            raise ProcessDied(f"{what} did not answer within {seconds:.0f} seconds.\n{words}")
        time.sleep(0.05)


def _feed(pipe: IO[bytes] | None, text: bytes) -> None:
    assert pipe is not None
    try:
        pipe.write(text)
        pipe.close()
    except BrokenPipeError:
        pass  # it died at once; `check` will tell why


def _leash(stop_signal: signal.Signals, parent: int) -> Callable[[], None] | None:
    if _libc is None:
        return None
    libc = _libc

    # Runs in the child after its user was set: a change of user would clear the setting.
    def tie_to_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie_to_parent
