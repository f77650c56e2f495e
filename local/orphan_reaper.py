"""Kill what a supervisor that was killed with -9 left behind: `python -m local.orphan_reaper`.

It reads process groups from its standard input, one per line, until the supervisor closes it or dies. By then the
processes have been asked to stop (see `processes.Process`), but a worker whose broker has just gone may not manage to.
Groups that are still there after `TIMEOUT_SECONDS` are killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

from local.addresses import ROOT
from local.processes import Process

TIMEOUT_SECONDS = 4.0


class OrphanReaper:
    """The supervisor's side of the reaper's process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "local.orphan_reaper"]
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True, text=True)

    def watch(self, process: Process) -> None:
        assert self._popen.stdin
        with contextlib.suppress(BrokenPipeError):  # without a reaper, the kernel still signals the processes
            self._popen.stdin.write(f"{process.pid}\n")
            self._popen.stdin.flush()

    def dismiss(self) -> None:
        """Let the reaper kill what is left, and wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._popen.communicate()


def main() -> None:
    groups = {int(line) for line in sys.stdin}
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while groups := {group for group in groups if _signal_group(group, 0)}:
        if time.monotonic() > deadline:
            for group in groups:
                _signal_group(group, signal.SIGKILL)
            return
        time.sleep(0.1)


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
