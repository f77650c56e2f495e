"""Goals, their measurements, and the table of all."""

from __future__ import annotations

from dataclasses import dataclass

LENIENCE = 1.25  # a goal missed by more than a quarter fails the run


@dataclass(frozen=True)
class Goal:
    """`measured` must be at most `limit`, or with `at_least` no less. `detail` explains the number."""

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


def format_goals(goals: list[Goal]) -> str:
    """Format the goals as a Markdown table."""
    rows = [("goal", "target", "measured", "", "made of")]
    for goal in goals:
        sign = "≥" if goal.at_least else "≤"
        decimals = 0 if goal.measured >= 100 else 1 if goal.measured >= 10 else 2
        rows.append(
            (goal.name, f"{sign} {goal.limit:g} {goal.unit}", f"{goal.measured:.{decimals}f} {goal.unit}", goal.verdict)
            + (goal.detail,)
        )
    return format_table(rows)


def format_table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
