"""Run tasks in turns, each once a round, so that other work on the machine slows all of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time


@dataclass(frozen=True)
class Timings:
    """Seconds of each round, by name, in the order of the rounds."""

    seconds: dict[str, list[float]]

    def best(self, name: str) -> float:
        return min(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """Return the time of `name` divided by that of `to`, each at its best.

        Other work on the machine only adds time, and not to both alike: the best round of each had the least of it.
        """
        return self.best(name) / self.best(to)


def run_in_turns(
    tasks: dict[str, Callable[[], object]], *, rounds: int, cpu: bool = False, in_order: bool = False
) -> Timings:
    """Time each of `tasks` once a round; with `cpu`, measure this process's processor time.

    A first round is not counted. Each round begins with another task, unless they must run `in_order`.
    """
    clock = process_time if cpu else perf_counter
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    names = list(tasks)
    for number in range(rounds):
        begin = 0 if in_order else number % len(names)
        for name in names[begin:] + names[:begin]:
            gc.collect()
            began = clock()
            tasks[name]()
            seconds[name].append(clock() - began)
    return Timings(seconds)
