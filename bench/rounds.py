"""Things measured in turns: round after round each of them once, so that whatever slows the machine slows all."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time


@dataclass(frozen=True)
class Measured:
    """Seconds of each round, by name, in the order of the rounds."""

    seconds: dict[str, list[float]]

    def best(self, name: str) -> float:
        return min(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """How many times the time of `to` the time of `name` is, each at its best.

        Whatever else runs on the machine only ever adds time, and not to both alike: the best round of each had the
        least of it.
        """
        return self.best(name) / self.best(to)


def in_turns(
    things: dict[str, Callable[[], object]], *, rounds: int, cpu: bool = False, in_order: bool = False
) -> Measured:
    """Run each of `things` once a round and take its time, or with `cpu` this process's own processor time.

    A first round is not counted. Each round begins with another of them, unless they must run `in_order`.
    """
    clock = process_time if cpu else perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for thing in things.values():
        thing()
    names = list(things)
    for number in range(rounds):
        begin = 0 if in_order else number % len(names)
        for name in names[begin:] + names[:begin]:
            gc.collect()
            began = clock()
            things[name]()
            seconds[name].append(clock() - began)
    return Measured(seconds)
