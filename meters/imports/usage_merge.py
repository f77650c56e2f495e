"""Staged days -> storage, by the rules of revisions (D2).

A newer revision replaces the day; an older one changes nothing; the same one fills only slots that are NULL or still
hold an older revision; slots for which a newer revision has no row are carried over. Within one file, a second value
for an interval and a second revision of a day are rejected, however far apart they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from meters.imports.results import ImportResult, Reason, Reject
from meters.imports.staged_days import ALL_SLOTS, DayOfRows, StagedDay, copy_row
from meters.usage.days import FALL, SECOND_PASS
from meters.usage.partitions import ensure_partitions, first_kept_day

Key = tuple[int, date, int]  # premise, day, channel
Days = dict[Key, StagedDay]

_COPY_START, _COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"

_DROP = "DROP TABLE IF EXISTS pg_temp.usage_stage, pg_temp.usage_seen;"
# The batch, and what the file has had so far. `present` as StagedDay.present_mask, NULL for all slots.
_CREATE = f"""
    {_DROP}
    CREATE TEMP TABLE usage_stage (
        premise_id int4, day date, channel int2, revision_at timestamptz, est bytea, wh int4[], present bytea);
    CREATE TEMP TABLE usage_seen (
        premise_id int4, day date, channel int2, revision_at timestamptz, slots int2, present bytea,
        PRIMARY KEY (premise_id, day, channel));
"""

_SEEN = """
    SELECT premise_id, day, channel, revision_at, slots, present FROM usage_seen
    JOIN (SELECT DISTINCT premise_id, day FROM usage_stage) staged USING (premise_id, day)
"""
_REMEMBER = """
    INSERT INTO usage_seen SELECT premise_id, day, channel, revision_at, cardinality(wh), present FROM usage_stage
    ON CONFLICT DO NOTHING
"""
_REMEMBER_MORE = "UPDATE usage_seen SET present = %s WHERE premise_id = %s AND day = %s AND channel = %s"

# Look up a batch's days one by one in their partitions. Left alone, PostgreSQL reads all of usage_day for each batch
# until it holds some million days: it has no statistics of the stage and does not expect to prune partitions.
_LOOK_UP_EACH_DAY = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

_STORED = "SELECT count(*) FROM usage_stage JOIN usage_day USING (premise_id, day, channel)"

# In the order of the primary key, so that two imports of the same days wait for each other and do not deadlock. Rows
# that the condition excludes are locked too, and the merge below needs that. Days of which the file has only some slots
# (`present` is not NULL) are merged below.
_UPSERT = """
    INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)
    SELECT premise_id, day, channel, revision_at, est, wh FROM usage_stage ORDER BY premise_id, day, channel
    ON CONFLICT (premise_id, day, channel) DO UPDATE
    SET revision_at = excluded.revision_at, est = excluded.est, wh = excluded.wh
    WHERE excluded.revision_at > usage_day.revision_at
    AND (excluded.premise_id, excluded.day, excluded.channel) NOT IN
        (SELECT premise_id, day, channel FROM usage_stage WHERE present IS NOT NULL)
"""
_DROP_SUPERSEDED = """
    DELETE FROM meters_carriedslots c USING usage_stage s
    WHERE (c.premise_id, c.day, c.channel) = (s.premise_id, s.day, s.channel)
    AND s.present IS NULL AND s.revision_at > c.revision_at
"""
_TO_MERGE = """
    SELECT s.premise_id, s.day, s.channel, s.revision_at, s.est, s.wh, s.present,
           u.revision_at, u.est, u.wh, c.slots
    FROM usage_stage s JOIN usage_day u USING (premise_id, day, channel)
    LEFT JOIN meters_carriedslots c ON (c.premise_id, c.day, c.channel, c.revision_at)
                                     = (u.premise_id, u.day, u.channel, u.revision_at)
    WHERE (s.revision_at > u.revision_at AND s.present IS NOT NULL)
       OR (s.revision_at = u.revision_at AND (s.wh <> u.wh OR s.est IS DISTINCT FROM u.est OR c.slots IS NOT NULL))
    ORDER BY s.premise_id, s.day, s.channel FOR UPDATE OF u
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
def usage_stage() -> Iterator[None]:
    """Provide the temporary tables with which `merge_days` stores the batches of one file."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
    yield
    with connection.cursor() as cursor:  # after an error the connection may be broken; the next import drops them
        cursor.execute(_DROP)


def merge_days(days: Days, result: ImportResult, reject: Reject, *, dry_run: bool = False) -> None:
    """Store these days in one transaction and count them in `result`; call `reject` for rows that the file had before.

    A `dry_run` is rolled back, but for what the file has had.
    """
    if not days:
        return
    months = {day.replace(day=1) for _premise, day, _channel in days}
    if not dry_run:
        for month in months:
            ensure_partitions(month, month)
    with transaction.atomic():
        stage_days(days)
        _reject_repeated_rows(days, reject)
        with transaction.atomic(), connection.cursor() as cursor:
            if dry_run:
                for month in months:
                    ensure_partitions(month, month)
            cursor.execute(_LOOK_UP_EACH_DAY)
            cursor.execute(_STORED)
            (stored,) = cursor.fetchone()
            cursor.execute(_UPSERT)
            upserted = cursor.rowcount
            cursor.execute(_DROP_SUPERSEDED)
            new = min(len(days) - stored, upserted)  # another import may have stored some of the days since
            changed = upserted - new
            if upserted < len(days):
                changed += _merge_partial_days()
            if dry_run:
                transaction.set_rollback(True)
    first_kept = first_kept_day()
    result.new += new
    result.changed += changed
    result.unchanged += len(days) - new - changed
    result.older += sum(day < first_kept for _premise, day, _channel in days)


def stage_days(days: Days) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_stage")
        with cursor.copy("COPY usage_stage FROM STDIN (FORMAT binary)") as copy:
            rows = [copy_row(premise_id, day) for (premise_id, _day, _channel), day in days.items()]
            copy.write(b"".join([_COPY_START, *rows, _COPY_END]))


def _reject_repeated_rows(days: Days, reject: Reject) -> None:
    """Remove from `days` and the stage what an earlier batch of the same file had."""
    # By premise and day, and by channel: the revision and the slots present.
    seen: dict[tuple[int, date], dict[int, tuple[datetime, int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_SEEN)
        for premise_id, day_on, channel, revision_at, slots, present in cursor.fetchall():
            seen[premise_id, day_on][channel] = revision_at, _unpack_mask(present, slots)
        if seen:
            for key in [key for key in days if key[:2] in seen]:
                days[key] = rows = days[key].as_rows()
                remove_repeated(rows, seen[key[:2]], reject)
                if not rows.present_mask:
                    del days[key]
            stage_days(days)
        cursor.execute(_REMEMBER)
        for key, day in days.items() if seen else ():
            if earlier := seen.get(key[:2], {}).get(key[2]):
                cursor.execute(_REMEMBER_MORE, [(day.present_mask | earlier[1]).to_bytes(13, "little"), *key])


def _merge_partial_days() -> int:
    """Merge the staged days that neither replace the stored day, whose row is locked, nor leave it alone."""
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(_TO_MERGE)
        for *key, revision_at, est, wh, present, stored_at, stored_est, stored_wh, carried in cursor.fetchall():
            stored = MergedDay(stored_at, _unpack_bits(stored_est), stored_wh, _unpack_bits(carried))
            incoming = MergedDay(revision_at, _unpack_bits(est), wh)
            merged = merge_slots(stored, incoming, _unpack_mask(present, len(wh)))
            if merged == stored:
                continue
            changed += 1
            est = _pack_bits(merged.est, len(wh)) if merged.est else None
            cursor.execute(_STORE_MERGED, [merged.revision_at, est, merged.wh, *key])
            if merged.carried_over:
                carried = _pack_bits(merged.carried_over, len(wh))
                cursor.execute(_STORE_CARRIED, [*key, merged.revision_at, carried])
            else:
                cursor.execute(_DROP_CARRIED, key)
    return changed


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


def remove_repeated(day: DayOfRows, earlier: dict[int, tuple[datetime, int]], reject: Reject) -> None:
    """Reject the day's rows that the file had before; `earlier`: by channel, the revision and the slots present."""
    has_other_revision = any(revision_at != day.revision_at for revision_at, _present in earlier.values())
    _revision, present_mask = earlier.get(day.channel, (None, 0))
    for slot, row in enumerate(day.row_of):
        if row is None or not has_other_revision and not present_mask >> slot & 1:
            continue
        wh, is_estimated = day.wh[slot], day.est >> slot & 1
        day.remove(slot)
        # On the fall day, a first pass that the file had before means that this row is of the second.
        second = SECOND_PASS.get(slot) if day.slots == FALL and not day.is_second_pass else None
        if has_other_revision:
            reject(row[0], Reason.SECOND_REVISION, row[1])
        elif second is None or day.row_of[second] or present_mask >> second & 1:
            reject(row[0], Reason.SECOND_VALUE, row[1])
        else:
            day.wh[second], day.row_of[second] = wh, row
            day.est |= is_estimated << second


def _pack_bits(bits: int, slots: int) -> bytes:
    return bits.to_bytes((slots + 7) // 8, "little")


def _unpack_bits(packed: bytes | None) -> int:
    return int.from_bytes(packed, "little") if packed else 0


def _unpack_mask(present: bytes | None, slots: int) -> int:
    return ALL_SLOTS[slots] if present is None else _unpack_bits(present)
