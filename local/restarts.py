"""Servers that are started again when they end by themselves, as an init system would in production."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from local.processes import OrphanReaper, Process, ProcessDied

ENOUGH = 5  # ends within WINDOW seconds: starting again does not help
WINDOW = 60.0


class Server(Protocol):
    """What can be kept: `start` starts it, again and on the same address too, or raises ProcessDied."""

    child: Process | None

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Program:
    """A command as a server. It has no address of its own: what listens for it is passed in as open sockets."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.env = env
        self.cwd = cwd
        self.pass_fds = pass_fds
        self.child: Process | None = None

    def start(self) -> None:
        self.child = Process(
            self.name,
            self.command,
            log=self.log,
            env=self.env,
            cwd=self.cwd,
            pass_fds=self.pass_fds,
            after=self.child,
        )

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()


class Kept:
    """One running server. `pause` is how many seconds the first new start waits; each further one waits twice that."""

    def __init__(self, server: Server, guardian: OrphanReaper, *, pause: float = 1.0) -> None:
        self.server = server
        self.guardian = guardian
        self.pause = pause
        self._ends: list[float] = []
        self._again_at: float | None = None
        self._why = ""

    @property
    def child(self) -> Process:
        assert self.server.child is not None, "It was never started."
        return self.server.child

    def start(self) -> None:
        """Start it. Raises ProcessDied if it does not come up."""
        try:
            self.server.start()
        finally:
            if self.server.child is not None:
                self.guardian.watch(self.child)

    def start_again(self) -> str:
        """Start it again if it has ended and its pause is over; a line that says so, or nothing.

        Never waits for the pause itself. One that is frozen has not ended. Raises ProcessDied if it has ended ENOUGH
        times within WINDOW seconds.
        """
        if self.child.is_running():
            return ""
        if self._again_at is None:
            self._count_the_end()
        if self._again_at is None or time.monotonic() < self._again_at:
            return ""
        self._again_at = None
        try:
            self.start()
        except ProcessDied:
            self.child.kill()  # it may run and not answer; the next look counts this end too
            return ""
        line, self._why = f"{self.child.name} ended ({self._why}); started again", ""
        return line

    def ask_to_stop(self) -> None:
        if self.server.child is not None:
            self.server.child.ask_to_stop()

    def stop(self) -> None:
        self.server.stop()

    def _count_the_end(self) -> None:
        ended, now = self.child, time.monotonic()
        ended.kill()  # what it started must not work on beside its successor
        self.guardian.forget(ended)
        self._why = self._why or ended.how_it_ended()  # the first of several is what people want to know
        self._ends = [end for end in self._ends if now - end < WINDOW] + [now]
        if len(self._ends) >= ENOUGH:
            raise ProcessDied(
                f"{ended.name} ended {ENOUGH} times within {WINDOW:.0f} seconds, "
                f"the last time by itself ({ended.how_it_ended()}). {ended.end_of_log()}"
            )
        self._again_at = now + self.pause * 2 ** (len(self._ends) - 1)
