"""Blocks of usage -> storage, by the rules of revisions (D2).

A newer revision replaces the day; an older one changes nothing; the same one fills only slots that are still NULL or
still hold an older revision; slots that a newer revision gives no row for are kept. Of one file, a second value for an
interval and a second revision for a day are turned away, however far apart they stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from meters.imports.results import Reason
from meters.imports.staged_days import Block, WholeDay, staged
from meters.imports.usage_rows import Reject
from meters.usage.days import FALL, SECOND_PASS
from meters.usage.partitions import ensure_partitions, first_kept_day

Key = tuple[int, date, int]  # premise, day, channel
Days = dict[Key, Block | WholeDay]

_COPY_BEGIN, _COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"

_CREATE = """
    DROP TABLE IF EXISTS pg_temp.usage_stage, pg_temp.usage_seen;
    CREATE TEMP TABLE usage_stage (
        premise_id int4, day date, channel int2, revision_at timestamptz, est bytea, wh int4[], given bytea);
    CREATE TEMP TABLE usage_seen (
        premise_id int4, day date, channel int2, revision_at timestamptz, slots int2, given bytea,
        PRIMARY KEY (premise_id, day, channel));
"""
_DROP = "DROP TABLE IF EXISTS pg_temp.usage_stage, pg_temp.usage_seen"

_SEEN = """
    SELECT premise_id, day, channel, revision_at, slots, given FROM usage_seen
    JOIN (SELECT DISTINCT premise_id, day FROM usage_stage) staged USING (premise_id, day)
"""
_REMEMBER = """
    INSERT INTO usage_seen SELECT premise_id, day, channel, revision_at, cardinality(wh), given FROM usage_stage
    ON CONFLICT DO NOTHING
"""
_REMEMBER_MORE = "UPDATE usage_seen SET given = %s WHERE premise_id = %s AND day = %s AND channel = %s"

# A batch's days are looked up one by one in their partitions. Until it holds some million days PostgreSQL would rather
# read all of usage_day for each batch: it knows nothing of the stage, and does not count on partitions being left out.
_LOOK_UP_EACH_DAY = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

_STORED = "SELECT count(*) FROM usage_stage JOIN usage_day USING (premise_id, day, channel)"

# In the order of the primary key, so that two loads of the same days wait for each other instead of locking up; rows
# that the condition leaves alone are locked all the same, which the merge below counts on. Days of which the file gives
# only some slots (`given` is not NULL) are not replaced here but merged.
_UPSERT = """
    INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)
    SELECT premise_id, day, channel, revision_at, est, wh FROM usage_stage ORDER BY premise_id, day, channel
    ON CONFLICT (premise_id, day, channel) DO UPDATE
    SET revision_at = excluded.revision_at, est = excluded.est, wh = excluded.wh
    WHERE excluded.revision_at > usage_day.revision_at
    AND (excluded.premise_id, excluded.day, excluded.channel) NOT IN
        (SELECT premise_id, day, channel FROM usage_stage WHERE given IS NOT NULL)
"""
_TO_MERGE = """
    SELECT s.premise_id, s.day, s.channel, s.revision_at, s.est, s.wh, s.given,
           u.revision_at, u.est, u.wh, c.slots
    FROM usage_stage s JOIN usage_day u USING (premise_id, day, channel)
    LEFT JOIN meters_carriedslots c ON (c.premise_id, c.day, c.channel, c.revision_at)
                                     = (u.premise_id, u.day, u.channel, u.revision_at)
    WHERE (s.revision_at > u.revision_at AND s.given IS NOT NULL)
       OR (s.revision_at = u.revision_at AND (s.wh <> u.wh OR s.est IS DISTINCT FROM u.est OR c.slots IS NOT NULL))
    ORDER BY s.premise_id, s.day, s.channel FOR UPDATE OF u
"""
_PUT_MERGED = """
    UPDATE usage_day SET revision_at = %s, est = %s, wh = %s WHERE premise_id = %s AND day = %s AND channel = %s
"""
_PUT_CARRIED = """
    INSERT INTO meters_carriedslots (premise_id, day, channel, revision_at, slots) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (premise_id, day, channel) DO UPDATE SET revision_at = excluded.revision_at, slots = excluded.slots
"""
_DROP_CARRIED = "DELETE FROM meters_carriedslots WHERE premise_id = %s AND day = %s AND channel = %s"
_DROP_SUPERSEDED = """
    DELETE FROM meters_carriedslots c USING usage_stage s
    WHERE (c.premise_id, c.day, c.channel) = (s.premise_id, s.day, s.channel)
    AND s.given IS NULL AND s.revision_at > c.revision_at
"""


class Merged(NamedTuple):
    """Days that a batch put, changed and left as they were; `older` of them are older than what is kept."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0


class _Reading(NamedTuple):
    """A day's readings; `est` and `carried` or `given` with a bit per slot."""

    revision_at: datetime
    est: int
    wh: list[int | None]
    slots: int


class UsageStage:
    """Where a load's blocks stand before they are merged, and what the file has given so far; `with` it.

    On a `dry_run` everything is done and taken back, batch by batch.
    """

    def __init__(self, *, dry_run: bool = False) -> None:
        self._dry_run = dry_run

    def __enter__(self) -> UsageStage:
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)
        return self

    def __exit__(self, failure: type[BaseException] | None, *_more: object) -> None:
        if failure is None:  # after one the connection may be of no use; the next load drops what is left
            with connection.cursor() as cursor:
                cursor.execute(_DROP)

    def merge(self, blocks: Iterable[tuple[int, Block | WholeDay]], reject: Reject) -> Merged:
        """Store these (premise id, block) in one transaction; `reject` is told of rows turned away."""
        days = {(premise_id, block.day, block.channel): block for premise_id, block in blocks}
        if not days:
            return Merged()
        if not self._dry_run:
            _make_partitions(days)
        with transaction.atomic():
            self._stage(days)
            self._turn_away_repeated(days, reject)
            with transaction.atomic():
                if self._dry_run:
                    _make_partitions(days)
                new, changed = self._upsert(len(days))
                if new + changed < len(days):  # else each day was put as a whole
                    changed += self._merge_slots()
                if self._dry_run:
                    transaction.set_rollback(True)
        first_kept = first_kept_day()
        older = sum(day < first_kept for _premise, day, _channel in days)
        return Merged(new, changed, len(days) - new - changed, older)

    def _stage(self, days: Days) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE usage_stage")
            with cursor.copy("COPY usage_stage FROM STDIN (FORMAT binary)") as copy:
                rows = [staged(premise_id, block) for (premise_id, _day, _channel), block in days.items()]
                copy.write(b"".join([_COPY_BEGIN, *rows, _COPY_END]))

    def _turn_away_repeated(self, days: Days, reject: Reject) -> None:
        """Take out of `days` and the stage what an earlier batch of the same file has given already."""
        seen: dict[tuple[int, date], dict[int, tuple[datetime, int]]] = defaultdict(dict)
        with connection.cursor() as cursor:
            cursor.execute(_SEEN)
            for premise_id, day, channel, revision_at, slots, some in cursor.fetchall():
                seen[premise_id, day][channel] = revision_at, (1 << slots) - 1 if some is None else _bits(some)
            if seen:
                for key in [key for key in days if key[:2] in seen]:
                    earlier, repeated = seen[key[:2]], days[key].by_slot()
                    days[key] = repeated
                    if not _keep_what_is_new(repeated, earlier, reject):
                        del days[key]
                self._stage(days)
            cursor.execute(_REMEMBER)
            for key, block in days.items():
                if seen and (earlier_given := seen.get(key[:2], {}).get(key[2])):
                    cursor.execute(
                        _REMEMBER_MORE, [(block.by_slot().given | earlier_given[1]).to_bytes(13, "little"), *key]
                    )

    def _upsert(self, staged: int) -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(_LOOK_UP_EACH_DAY)
            cursor.execute(_STORED)
            (stored,) = cursor.fetchone()
            cursor.execute(_UPSERT)
            put = cursor.rowcount
            cursor.execute(_DROP_SUPERSEDED)
        # A load of the same days that ran meanwhile may have put some first.
        new = min(staged - stored, put)
        return new, put - new

    def _merge_slots(self) -> int:
        """The rare days that neither replace nor leave the stored one; their rows are locked."""
        changed = 0
        with connection.cursor() as cursor:
            cursor.execute(_TO_MERGE)
            for *key, revision_at, est, wh, given, stored_at, stored_est, stored_wh, carried in cursor.fetchall():
                every = (1 << len(wh)) - 1
                incoming = _Reading(revision_at, _bits(est), wh, every if given is None else _bits(given))
                stored = _Reading(stored_at, _bits(stored_est), stored_wh, _bits(carried))
                merged = merge_slots(stored, incoming)
                if merged == stored:
                    continue
                changed += 1
                est = _bytes(merged.est, len(wh)) if merged.est else None
                cursor.execute(_PUT_MERGED, [merged.revision_at, est, merged.wh, *key])
                if merged.slots:
                    cursor.execute(_PUT_CARRIED, [*key, merged.revision_at, _bytes(merged.slots, len(wh))])
                else:
                    cursor.execute(_DROP_CARRIED, key)
        return changed


def merge_slots(stored: _Reading, incoming: _Reading) -> _Reading:
    """The day after `incoming` came, which is of the same or a newer revision. `incoming.slots` are the slots that it
    gives; `stored.slots`, and those of the answer, hold an older revision than the day's."""
    newer = incoming.revision_at > stored.revision_at
    wh, est, old = list(stored.wh), stored.est, 0
    for slot, value in enumerate(incoming.wh):
        bit = 1 << slot
        open_to_it = newer or stored.wh[slot] is None or stored.slots & bit
        if incoming.slots & bit and open_to_it:
            wh[slot] = value
            est = est & ~bit | incoming.est & bit
        elif wh[slot] is not None and (newer or stored.slots & bit):
            old |= bit
    return _Reading(incoming.revision_at, est, wh, old)


def _keep_what_is_new(block: Block, earlier: dict[int, tuple[datetime, int]], reject: Reject) -> bool:
    """Turn away the block's rows that the file gave before; False if none is left. `earlier`: by channel, the revision
    and the slots given."""
    for slot, line in enumerate(block.lines):
        if not line:
            continue
        if any(revision_at != block.revision_at for revision_at, _given in earlier.values()):
            reject(line, Reason.SECOND_REVISION, block.texts[slot])
            block.take_out(slot)
        elif block.channel in earlier and earlier[block.channel][1] >> slot & 1:
            _move_or_turn_away(block, slot, earlier[block.channel][1], reject)
    return any(block.lines)


def _move_or_turn_away(block: Block, slot: int, given: int, reject: Reject) -> None:
    """On the fall day, a first pass that the file gave before means that this row is of the second."""
    second = SECOND_PASS.get(slot) if block.slots == FALL and not block.second_pass else None
    line, text, wh, estimated = block.lines[slot], block.texts[slot], block.wh[slot], block.est >> slot & 1
    block.take_out(slot)
    if second is None or block.lines[second] or given >> second & 1:
        reject(line, Reason.SECOND_VALUE, text)
        return
    block.wh[second], block.lines[second], block.texts[second] = wh, line, text
    block.est |= estimated << second


def _make_partitions(days: Days) -> None:
    for month in {day.replace(day=1) for _premise, day, _channel in days}:
        ensure_partitions(month, month)


def _bytes(bits: int, slots: int) -> bytes:
    return bits.to_bytes((slots + 7) // 8, "little")


def _bits(packed: bytes | None) -> int:
    return int.from_bytes(packed, "little") if packed else 0
