"""A damaged file is reported line by line, loses no good reading, stores no wrong one and needs no more memory (D2)."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from datetime import date
from functools import cache
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meters.imports import FileError, import_usage, printed_days
from meters.models import UsageDay
from meters.usage.days import shape_of
from meters.usage.interval_csv import HEADER, render_day
from meters.usage.reader import DayReadings
from tests.meters.test_archives import zipped
from tests.meters.usage_file_layouts import LAYOUTS
from tests.meters.usage_files import ESIID, FALL, OTHER_ESIID, SPRING, import_file, rows, text
from tests.support.usage import usage

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LONG = b"9" * 1_000_000


class Line(NamedTuple):
    """A line of the file, its day and printed row, and whether it must be rejected."""

    content: bytes
    of: tuple[str, date, int, int] | None = None
    is_damaged: bool = False
    is_done: bool = False


def _days(has_surplus: bool) -> list[tuple[str, DayReadings]]:
    dice = random.Random(7)
    days = []
    for esiid in (ESIID, OTHER_ESIID):
        for day in (date(2025, 3, 8), FALL, SPRING):
            for channel in (0, 1) if has_surplus and esiid == ESIID else (0,):
                one = usage(day, channel, estimated=[3, 50])
                gaps = {dice.randrange(len(one.wh)) for _gap in range(3)} - {3, 50}
                days.append((esiid, one._replace(wh=[None if n in gaps else wh for n, wh in enumerate(one.wh)])))
    return days


@cache
def whole_file(layout: str) -> tuple[bytes, tuple[Line, ...]]:
    """The header and every line of some days of each shape."""
    lines: list[Line] = []
    for esiid, one in _days(LAYOUTS[layout].has_surplus):
        printed = HEADER + render_day(esiid, one.day, one.revision_at, one.channel, one.wh, one.est)
        header, *written = LAYOUTS[layout].write(printed).splitlines(keepends=True)
        lines += [Line(line, (esiid, one.day, one.channel, n)) for n, line in enumerate(written)]
    return header, tuple(lines)


def _put_in(what: bytes):
    def damage(line: bytes, place: float) -> list[tuple[bytes, bool]]:
        at = int(len(line.rstrip(b"\r\n")) * place)
        return [(line[:at] + what + line[at:], True)]

    return damage


def _swapped(line: bytes, place: float) -> list[tuple[bytes, bool]]:
    fields = line.rstrip(b"\r\n").split(b",")
    first = int((len(fields) - 1) * place)
    fields[first : first + 2] = reversed(fields[first : first + 2])
    swapped = b",".join(fields) + line[len(line.rstrip(b"\r\n")) :]
    return [(swapped, swapped != line)]


DAMAGES = {
    "NUL": _put_in(b"\0"),
    "no UTF-8": _put_in(b"\xc3\x28"),
    "comma": _put_in(b","),
    "quotation mark": _put_in(b'"'),
    "long": _put_in(LONG),
    "UTF-16": lambda line, place: [(line.decode().strip().encode("utf-16-be") + b"\n", True)],
    "swapped columns": _swapped,
    "doubled": lambda line, place: [(line, False), (line, False)],
    "cut short": lambda line, place: [(line[: max(int(20 * place), 1)] + b"\n", True)],
    "long line before": lambda line, place: [(LONG + b"\n", True), (line, False)],
    "blank line before": lambda line, place: [(b"\n", False), (line, False)],
}

damages = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(sorted(DAMAGES)), st.floats(0, 1, exclude_max=True)),
    max_size=6,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(layout="main", done=[(0.5, kind, 0.5) for kind in sorted(DAMAGES)], kept=1.0, slowly=False)
@given(layout=st.sampled_from(sorted(LAYOUTS)), done=damages, kept=st.floats(0.2, 1), slowly=st.booleans())
def test_exactly_the_damaged_lines_are_rejected(tmp_path, premise, other_premise, layout, done, kept, slowly):
    """D2: each damaged line is reported once; every other reading is stored as it was, read fast and row by row."""
    header, lines = whole_file(layout)
    file: list[Line] = [line for place, line in enumerate(lines) if place < kept * len(lines)]
    for place, kind, where in done:
        at = int(len(file) * place)
        if file[at].is_done:
            continue
        after = DAMAGES[kind](file[at].content, where)
        file[at : at + 1] = [
            Line(content, file[at].of if content == file[at].content and not bad else None, bad, is_done=True)
            for content, bad in after
        ]
    if all(line.of is None for line in file):
        return
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        if slowly:
            patch.setattr(printed_days.PrintedDayReader, "read_days", lambda *_arguments: [])
        result, rejections = import_file(tmp_path, header + b"".join(line.content for line in file))
        stored = {(one.premise_id, one.day, one.channel): one for one in UsageDay.objects.all()}
        transaction.set_rollback(True)
    assert [one.line for one in rejections] == [n for n, line in enumerate(file, 2) if line.is_damaged and line.content]
    ids = {ESIID: premise.pk, OTHER_ESIID: other_premise.pk}
    expected = {}
    for esiid, one in _days(LAYOUTS[layout].has_surplus):
        given_rows = {line.of[3] for line in file if line.of and line.of[:3] == (esiid, one.day, one.channel)}
        if given_rows:
            expected[ids[esiid], one.day, one.channel] = _left(one, given_rows)
    assert {key: list(day.wh) for key, day in stored.items() if any(v is not None for v in day.wh)} == {
        key: wh for key, wh in expected.items() if any(v is not None for v in wh)
    }


def _left(one: DayReadings, printed_rows: set[int]) -> list[int | None]:
    """The readings of the rows that are there."""
    slots = {row.slot for n, row in enumerate(shape_of(one.day).rows) if n in printed_rows}
    return [wh if slot in slots else None for slot, wh in enumerate(one.wh)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pack=st.sampled_from(["gzip", "zip"]),
    change=st.sampled_from(["cut", "flip"]),
    place=st.floats(0, 1, exclude_max=True),
)
def test_an_archive_damaged_anywhere_is_rejected_or_intact(tmp_path, premise, pack, change, place):
    """D2: all of it or nothing, and no other readings."""
    content = text(*rows())
    packed = gzip.compress(content, mtime=0) if pack == "gzip" else zipped(("usage.csv", content))
    at = int(len(packed) * place)
    damaged = packed[:at] if change == "cut" else packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]
    with transaction.atomic():
        try:
            import_file(tmp_path, damaged)
        except FileError as error:
            assert error.result is None or not error.result.new
            assert not UsageDay.objects.exists()
        else:
            assert [day.wh for day in UsageDay.objects.all()] == [[*range(1, 97)]]
        transaction.set_rollback(True)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500"])
def test_a_file_in_another_encoding_is_rejected(tmp_path, premise, encoding):
    """D2: nothing is guessed."""
    with pytest.raises(FileError):
        import_file(tmp_path, text(*rows()).decode().encode(encoding))
    assert not UsageDay.objects.exists()


class TestMemory:
    """D2: an import's memory does not depend on the file's content."""

    LIMIT = 24 << 20

    def peak(self, path) -> int:
        """The peak of a second import, after the first has loaded modules and caches."""
        import_usage(path)
        tracemalloc.start()
        try:
            import_usage(path)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize(
        "junk",
        [b"9" * (40 << 20), (b"x" * 1_000_000 + b"\n") * 40, (b"y," * 1_900 + b"\n") * 10_000, b"\n" * (1 << 17)],
        ids=["no line end", "long lines", "lines of 3.8 kB", "empty lines"],
    )
    def test_is_bounded_whatever_the_lines_are(self, tmp_path, premise, junk):
        (tmp_path / "junk.csv").write_bytes(text(*rows()) + junk)
        assert self.peak(tmp_path / "junk.csv") < self.LIMIT
        assert UsageDay.objects.get().wh == [*range(1, 97)]

    @pytest.mark.control
    def test_is_not_bounded_without_the_limit_of_bytes(self, tmp_path, premise, monkeypatch):
        """Control: with a limit of rows alone, forty times as much is held."""
        monkeypatch.setattr("meters.imports.usage_rows.BYTES_AT_ONCE", 1 << 40)
        (tmp_path / "junk.csv").write_bytes(text(*rows()) + (b"y," * 1_900 + b"\n") * 10_000)
        assert self.peak(tmp_path / "junk.csv") > self.LIMIT
