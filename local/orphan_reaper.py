"""Ends what is left after a supervisor that was killed with -9: `python -m local.orphan_reaper`.

Reads process groups from its standard input, one a line, until the input ends: that is the supervisor's end, however
it came. A number with a minus is a group to forget. The children have been asked to stop by then (see
`children.Process`); a worker whose broker has just gone may not manage to. Groups that are still there after `PATIENCE`
seconds are ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PATIENCE = 4.0


def main() -> None:
    groups: set[int] = set()
    for number in map(int, sys.stdin):
        if number > 0:
            groups.add(number)
        else:
            groups.discard(-number)
    deadline = time.monotonic() + PATIENCE
    while groups := {group for group in groups if _send(group, 0)}:
        if time.monotonic() > deadline:
            for group in groups:
                _send(group, signal.SIGKILL)
            return
        time.sleep(0.1)


def _send(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
