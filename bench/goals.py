"""A goal, what was measured for it, and the table of all."""

from __future__ import annotations

from dataclasses import dataclass

LENIENCE = 1.25  # a goal missed by more than a quarter fails the run


@dataclass(frozen=True)
class Goal:
    """`measured` must be at most `limit`, or at least where `at_least`. `detail` says what the number is made of."""

    name: str
    limit: float
    measured: float
    unit: str = "x"
    at_least: bool = False
    detail: str = ""

    @property
    def is_met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def is_missed_badly(self) -> bool:
        if self.at_least:
            return self.measured * LENIENCE < self.limit
        return self.measured > self.limit * LENIENCE

    @property
    def verdict(self) -> str:
        return "met" if self.is_met else "MISSED" if self.is_missed_badly else "nearly"


def table(goals: list[Goal]) -> str:
    """Markdown."""
    rows = [("goal", "target", "measured", "", "made of")]
    for goal in goals:
        sign = "≥" if goal.at_least else "≤"
        rows.append(
            (goal.name, f"{sign} {goal.limit:g} {goal.unit}", f"{_short(goal.measured)} {goal.unit}", goal.verdict)
            + (goal.detail,)
        )
    return markdown(rows)


def markdown(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
