"""Staged days -> storage, by the rules of revisions (D2, ADR 31).

A newer revision replaces the day; an older one changes nothing; the same one fills only slots that are NULL or still
hold an older revision; slots for which a newer revision has no row are carried over. A row of the same revision with
another value than the stored one is rejected. It makes no difference whether rows are in one file or in several.

Each batch is a transaction of few statements that PostgreSQL can also run where usage is distributed by premise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from meters.imports.results import FileError, ImportResult, Reason, Reject
from meters.imports.seen_days import LOOK_UP_EACH_DAY, Outcome, SeenDay, SeenDays
from meters.imports.staged_days import ALL_SLOTS, COPY_END, COPY_START, Days, Key, copy_row
from meters.usage.days import FALL
from meters.usage.partitions import ensure_partitions, first_kept_day

# A stage belongs to the one import that has its lock. Another import uses the next number, and so does this
# one while the stage can't be emptied, because a backup reads it.
_STAGES = 1_000
_STAGE_LOCK = 0x534D5404  # "SMT", 4
_TAKE_STAGE = "SELECT pg_try_advisory_lock(%s, %s)"
_LEAVE_STAGE = "SELECT pg_advisory_unlock(%s, %s)"
_EMPTY_STAGE = "SELECT empty_usage_stage(%s)"
_COPY = "COPY usage_stage (premise_id, day, channel, revision_at, est, wh, present) FROM STDIN (FORMAT binary)"

# Insert new days and lock those on record, in the order of the key, so that two imports of the same days wait for each
# other and do not deadlock. A row that the condition excludes is locked too: the statements below rely on that.
_INSERT = """
    INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)
    SELECT premise_id, day, channel, revision_at, est, wh FROM usage_stage ORDER BY premise_id, day, channel
    ON CONFLICT (premise_id, day, channel) DO UPDATE SET revision_at = excluded.revision_at WHERE false
    RETURNING premise_id, day, channel
"""
# Days of which the file has only some slots (`present` is not NULL) are merged below.
_REPLACE = """
    UPDATE usage_day u SET revision_at = s.revision_at, est = s.est, wh = s.wh FROM usage_stage s
    WHERE (u.premise_id, u.day, u.channel) = (s.premise_id, s.day, s.channel)
    AND s.present IS NULL AND s.revision_at > u.revision_at
    RETURNING u.premise_id, u.day, u.channel
"""
_DROP_SUPERSEDED = """
    DELETE FROM meters_carriedslots c USING usage_stage s
    WHERE (c.premise_id, c.day, c.channel) = (s.premise_id, s.day, s.channel)
    AND s.present IS NULL AND s.revision_at > c.revision_at
"""
_DIFFERENT = """
    SELECT s.premise_id, s.day, s.channel, s.revision_at, s.est, s.wh, s.present,
           u.revision_at, u.est, u.wh, c.slots
    FROM usage_stage s JOIN usage_day u USING (premise_id, day, channel)
    LEFT JOIN meters_carriedslots c ON (c.premise_id, c.day, c.channel, c.revision_at)
                                     = (u.premise_id, u.day, u.channel, u.revision_at)
    WHERE s.revision_at <> u.revision_at OR s.wh <> u.wh OR s.est IS DISTINCT FROM u.est OR c.slots IS NOT NULL
    ORDER BY s.premise_id, s.day, s.channel
"""
_STORE_MERGED = """
    UPDATE usage_day SET revision_at = %s, est = %s, wh = %s WHERE premise_id = %s AND day = %s AND channel = %s
"""
_STORE_CARRIED = """
    INSERT INTO meters_carriedslots (premise_id, day, channel, revision_at, slots) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (premise_id, day, channel) DO UPDATE SET revision_at = excluded.revision_at, slots = excluded.slots
"""
_DROP_CARRIED = "DELETE FROM meters_carriedslots WHERE premise_id = %s AND day = %s AND channel = %s"


class MergedDay(NamedTuple):
    """A day's readings; `est` and `carried_over` have a bit per slot, the latter for slots of an older revision."""

    revision_at: datetime
    est: int
    wh: list[int | None]
    carried_over: int = 0


@contextmanager
def usage_merge(result: ImportResult, *, dry_run: bool = False) -> Iterator[UsageMerge]:
    """Provide the merge of one file, which stores its batches and counts them in `result`."""
    merge = UsageMerge(result, dry_run)
    try:
        with connection.cursor() as cursor:
            merge.take_stage(cursor)
            merge.seen_days.create(cursor)
        yield merge
    except FileError:  # after another error the connection may be broken; its end frees the stage
        merge.leave_stage()
        raise
    merge.leave_stage()


class UsageMerge:
    """Stores the batches of one file, each in one transaction; a `dry_run` rolls each back."""

    def __init__(self, result: ImportResult, dry_run: bool) -> None:
        self._result, self._is_dry_run = result, dry_run
        self.seen_days = SeenDays()
        self._stage_number = -1
        self._prepared_months: set[date] = set()

    def take_stage(self, cursor: Any) -> None:
        """Take an empty stage that no other import uses."""
        for number in range(_STAGES):
            if number != self._stage_number and _ask(cursor, _TAKE_STAGE, _STAGE_LOCK, number):
                if self._stage_number >= 0:
                    cursor.execute(_LEAVE_STAGE, [_STAGE_LOCK, self._stage_number])
                self._stage_number = number
                if _ask(cursor, _EMPTY_STAGE, number):
                    return
        raise RuntimeError("No stage is free.")

    def leave_stage(self) -> None:
        with connection.cursor() as cursor:
            self.seen_days.drop(cursor)
            cursor.execute(_EMPTY_STAGE, [self._stage_number])
            cursor.execute(_LEAVE_STAGE, [_STAGE_LOCK, self._stage_number])

    def store(self, days: Days, reject: Reject) -> None:
        """Store these days and count them; call `reject` for rows that contradict what is on record or in the file."""
        if not days:
            return
        months = {day.replace(day=1) for day in {day for _premise, day, _channel in days}}
        if not self._is_dry_run:
            for month in months - self._prepared_months:
                ensure_partitions(month, month)
                self._prepared_months.add(month)
        with transaction.atomic(), connection.cursor() as cursor:
            seen = self.seen_days.look_up(cursor, days if self._is_dry_run else _incomplete_fall_days(days))
            for key, earlier in seen.items():
                if days[key].slots == FALL and earlier.revision_at == days[key].revision_at:
                    days[key] = rows = days[key].as_rows()
                    rows.continue_second_hour(earlier.present)
            with transaction.atomic(savepoint=self._is_dry_run):
                if self._is_dry_run:
                    for month in months:
                        ensure_partitions(month, month)
                outcomes = self._insert(cursor, days)
                if len(outcomes) < len(days):
                    seen |= self.seen_days.look_up(cursor, days.keys() - outcomes.keys())
                    self._merge(cursor, days, seen, outcomes, reject)
                if self._is_dry_run:
                    transaction.set_rollback(True)
            self.seen_days.add(cursor, days, seen, outcomes)
        self._count(days, seen, outcomes)

    def _execute(self, cursor: Any, statement: str) -> None:
        cursor.execute(statement.replace("usage_stage", f"usage_stage_{self._stage_number}"))

    def _insert(self, cursor: Any, days: Days) -> dict[Key, Outcome]:
        """Stage the days and insert those that are new, with all others locked; return the new ones."""
        if not _ask(cursor, _EMPTY_STAGE, self._stage_number):
            self.take_stage(cursor)
        stage_days(cursor, self._stage_number, days)
        self._execute(cursor, _INSERT)
        return dict.fromkeys(cursor.fetchall(), Outcome.NEW)

    def _merge(
        self, cursor: Any, days: Days, seen: dict[Key, SeenDay], outcomes: dict[Key, Outcome], reject: Reject
    ) -> None:
        """Merge those of the staged days that were not inserted, and add their outcomes."""
        outcomes |= dict.fromkeys(days.keys() - outcomes.keys(), Outcome.UNCHANGED)
        cursor.execute(LOOK_UP_EACH_DAY)
        self._execute(cursor, _REPLACE)
        if replaced := cursor.fetchall():
            outcomes |= dict.fromkeys(replaced, Outcome.CHANGED)
            self._execute(cursor, _DROP_SUPERSEDED)
        self._execute(cursor, _DIFFERENT)
        for *of_key, revision_at, est, wh, present, stored_at, stored_est, stored_wh, carried in cursor.fetchall():
            key: Key = (of_key[0], of_key[1], of_key[2])
            if revision_at < stored_at:
                outcomes[key] = Outcome.OLDER
                self._result.superseded += sum(1 for _row in days[key].rows())
                continue
            stored = MergedDay(stored_at, _unpack_bits(stored_est), stored_wh, _unpack_bits(carried))
            incoming = MergedDay(revision_at, _unpack_bits(est), wh)
            present_mask = _unpack_mask(present, len(wh))
            if slots := find_contradictions(stored, incoming, present_mask):
                outcomes[key] = Outcome.CONTRADICTED
                rows = days[key].as_rows().row_of
                in_file = seen[key].present if key in seen and seen[key].revision_at == revision_at else 0
                for slot in slots:
                    row = rows[slot]
                    assert row  # the slot is present
                    reject(row[0], Reason.SECOND_VALUE if in_file >> slot & 1 else Reason.OTHER_VALUE, row[1])
            merged = merge_slots(stored, incoming, present_mask)
            if merged != stored:
                outcomes[key] = Outcome.CHANGED
                _store_merged(cursor, key, merged)

    def _count(self, days: Days, seen: dict[Key, SeenDay], outcomes: dict[Key, Outcome]) -> None:
        counts = Counter(outcomes.values())
        for key, earlier in seen.items():  # each day counts once, as its highest outcome
            counts[outcomes[key]] -= 1
            counts[earlier.outcome] -= 1
            counts[max(outcomes[key], earlier.outcome)] += 1
        self._result.new += counts[Outcome.NEW]
        self._result.changed += counts[Outcome.CHANGED]
        self._result.unchanged += counts[Outcome.UNCHANGED]
        first_kept = first_kept_day()
        self._result.older += sum(key[1] < first_kept and key not in seen for key in days)


def _ask(cursor: Any, question: str, *parameters: int) -> bool:
    cursor.execute(question, parameters)
    (answer,) = cursor.fetchone()
    return bool(answer)


def stage_days(cursor: Any, stage: int, days: Days) -> None:
    rows = [copy_row(premise_id, day) for (premise_id, _day, _channel), day in days.items()]
    with cursor.copy(_COPY.replace("usage_stage", f"usage_stage_{stage}")) as copy:
        copy.write(b"".join([COPY_START, *rows, COPY_END]))


def _incomplete_fall_days(days: Days) -> list[Key]:
    """Return the days of which the file may have had the first of two equally labeled hours before."""
    return [key for key, day in days.items() if day.slots == FALL and day.present_mask != ALL_SLOTS[FALL]]


def _store_merged(cursor: Any, key: Key, merged: MergedDay) -> None:
    est = _pack_bits(merged.est, len(merged.wh)) if merged.est else None
    cursor.execute(_STORE_MERGED, [merged.revision_at, est, merged.wh, *key])
    if merged.carried_over:
        carried = _pack_bits(merged.carried_over, len(merged.wh))
        cursor.execute(_STORE_CARRIED, [*key, merged.revision_at, carried])
    else:
        cursor.execute(_DROP_CARRIED, key)


def merge_slots(stored: MergedDay, incoming: MergedDay, present_mask: int) -> MergedDay:
    """Return the day after `incoming`, of the same or a newer revision, whose rows give the slots of `present_mask`."""
    is_newer = incoming.revision_at > stored.revision_at
    wh, est, carried_over = list(stored.wh), stored.est, 0
    for slot, value in enumerate(incoming.wh):
        bit = 1 << slot
        may_replace = is_newer or stored.wh[slot] is None or stored.carried_over & bit
        if present_mask & bit and may_replace:
            wh[slot] = value
            est = est & ~bit | incoming.est & bit
        elif wh[slot] is not None and (is_newer or stored.carried_over & bit):
            carried_over |= bit
    return MergedDay(incoming.revision_at, est, wh, carried_over)


def find_contradictions(stored: MergedDay, incoming: MergedDay, present_mask: int) -> list[int]:
    """Return the slots for which `incoming`, of the same revision, has another reading. A blank one is none."""
    if incoming.revision_at != stored.revision_at:
        return []
    return [
        slot
        for slot, value in enumerate(incoming.wh)
        if present_mask >> slot & 1
        and value is not None
        and stored.wh[slot] is not None
        and not stored.carried_over >> slot & 1
        and (value != stored.wh[slot] or (incoming.est ^ stored.est) >> slot & 1)
    ]


def _pack_bits(bits: int, slots: int) -> bytes:
    return bits.to_bytes((slots + 7) // 8, "little")


def _unpack_bits(packed: bytes | None) -> int:
    return int.from_bytes(packed, "little") if packed else 0


def _unpack_mask(present: bytes | None, slots: int) -> int:
    return ALL_SLOTS[slots] if present is None else _unpack_bits(present)
