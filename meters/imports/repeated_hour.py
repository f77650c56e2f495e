"""Which of the two hours from 1 AM a row of the fall day belongs to, however the file orders its rows (D2).

SMT prints the first hour, then the second, whose first row is labeled `02:00,01:15`. Other programs sort the rows by
time, print `01:00,01:15` twice, or reverse the file. Where neither order nor count decides, no hour is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from meters.usage.days import CLOCKS_CHANGE

_HOUR = 4  # slots
_FIRST_HOUR, _SECOND_HOUR = CLOCKS_CHANGE - _HOUR, CLOCKS_CHANGE
# The slots that labels of the repeated hour name: the first hour's, and that of `02:00,01:15`.
REPEATED_LABELS = range(_FIRST_HOUR, _SECOND_HOUR + 1)


class RepeatedRow(NamedTuple):
    """A row of the repeated hour; `label` is the slot that its times name: 4 to 7, or 8 for `02:00,01:15`."""

    label: int
    number: int
    line: bytes
    wh: int | None = None
    is_estimated: bool = False
    is_valid: bool = True  # an invalid row has no reading, but its place in the file counts

    @property
    def quarter(self) -> int:
        return self.label % _HOUR

    @property
    def is_labeled(self) -> bool:
        """Whether its label says that it belongs to the second hour."""
        return self.label == _SECOND_HOUR


def find_slots(rows: Sequence[RepeatedRow], *, is_descending: bool) -> list[int | None]:
    """Return the slot of each row, None where the file does not say which; `rows` are in the order of the file."""
    in_order = [(n, rows[n]) for n in (reversed(range(len(rows))) if is_descending else range(len(rows)))]
    runs: list[list[tuple[int, RepeatedRow]]] = []
    for number, row in in_order:
        if not runs or row.quarter < runs[-1][-1][1].quarter:
            runs.append([])
        runs[-1].append((number, row))
    if sum(any(row.quarter for _n, row in run) for run in runs) > 1:
        found = _hour_by_hour(runs)
    else:
        found = _quarter_by_quarter(in_order, is_descending)
    return [found.get(number) for number in range(len(rows))]


def _hour_by_hour(runs: list[list[tuple[int, RepeatedRow]]]) -> dict[int, int]:
    """Times go back from one hour to the next: a run of rows belongs to one hour."""
    found = {}
    labeled = [any(row.is_labeled for _n, row in run) for run in runs]
    for place, run in enumerate(runs):
        is_second = labeled[place] if any(labeled) else place % 2 == 1
        for number, row in run:
            found[number] = (_SECOND_HOUR if is_second else _FIRST_HOUR) + row.quarter
    return found


def _quarter_by_quarter(in_order: list[tuple[int, RepeatedRow]], is_descending: bool) -> dict[int, int]:
    """Sorted by time, the first of two rows belongs to the first hour. A reversed file leaves that open."""
    found: dict[int, int] = {}
    quarters: dict[int, list[tuple[int, RepeatedRow]]] = {}
    for number, row in in_order:
        quarters.setdefault(row.quarter, []).append((number, row))
    are_paired = all(len(rows) > 1 for rows in quarters.values()) and len(quarters) > 1
    is_open = not are_paired and any(
        quarter and len({(row.wh, row.is_estimated) for _n, row in rows}) > 1 for quarter, rows in quarters.items()
    )
    label_at = next((place for place, (_n, row) in enumerate(in_order) if row.is_labeled), len(in_order))
    for rows in quarters.values():
        rows.sort(key=lambda item: item[1].is_labeled)
        values = {(row.wh, row.is_estimated) for _n, row in rows}
        if rows[-1][1].is_labeled:
            for number, row in rows:
                found[number] = row.label
        elif len(rows) == 1:
            if rows[0][1].quarter == 0 or not is_open:
                is_second = in_order.index(rows[0]) > label_at
                found[rows[0][0]] = rows[0][1].label + _HOUR * is_second
        elif len(values) == 1:
            for place, (number, row) in enumerate(rows):
                found[number] = row.label + _HOUR * (are_paired and place == 1)
        elif not is_descending and (are_paired or len(quarters) == 1):
            for place, (number, row) in enumerate(rows):
                found[number] = row.label + _HOUR * (place == 1)
    return found
