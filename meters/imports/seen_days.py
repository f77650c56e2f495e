"""What a file of usage had in earlier batches, in a temporary table: a day may come in several parts (D2, ADR 31)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from meters.imports.staged_days import COPY_END, COPY_START, Days, Key, copy_seen_row

# `present` as StagedDay.present_mask.
_CREATE = """
    DROP TABLE IF EXISTS pg_temp.usage_seen;
    CREATE TEMP TABLE usage_seen (
        premise_id int4, day date, channel int2, revision_at timestamptz, present bytea, outcome int2)
"""
_DROP = "DROP TABLE usage_seen"
_INDEX = "CREATE INDEX ON usage_seen (premise_id, day, channel)"
_ADD = "COPY usage_seen FROM STDIN (FORMAT binary)"
_LOOK_UP = """
    SELECT s.premise_id, s.day, s.channel, s.revision_at, s.present, s.outcome
    FROM unnest(string_to_array(%s, ',')::int4[], string_to_array(%s, ',')::date[], string_to_array(%s, ',')::int2[])
        AS batch (premise_id, day, channel)
    JOIN usage_seen s USING (premise_id, day, channel)
"""
_FORGET = "DELETE FROM usage_seen WHERE premise_id = %s AND day = %s AND channel = %s"

# Look up a batch's days one by one in their partitions. Left alone, PostgreSQL reads all of usage_day for each batch
# until it holds some million days: it has no statistics of the stage and does not expect to prune partitions. The last
# setting passes the others on to the machines of a distributed table, and means nothing elsewhere.
LOOK_UP_EACH_DAY = """
    SET LOCAL citus.propagate_set_commands = 'local';
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off
"""


class Outcome(IntEnum):
    """What became of a day of the file. Of several parts of a day the highest counts."""

    OLDER = 0
    UNCHANGED = 1
    CONTRADICTED = 2
    CHANGED = 3
    NEW = 4


class SeenDay(NamedTuple):
    """What the file had of a day in earlier batches; `present` has a bit per slot of this revision."""

    revision_at: datetime
    present: int
    outcome: Outcome


class SeenDays:
    """The days that a file had so far. Each is a row of a table of this connection."""

    def __init__(self) -> None:
        self._is_empty, self._is_indexed = True, False

    def create(self, cursor: Any) -> None:
        cursor.execute(_CREATE)

    def drop(self, cursor: Any) -> None:
        cursor.execute(_DROP)

    def look_up(self, cursor: Any, keys: Collection[Key]) -> dict[Key, SeenDay]:
        """Return what earlier batches had of the days `keys`."""
        if self._is_empty or not keys:
            return {}
        if not self._is_indexed:  # a file that has each day once, and only new ones, never gets here
            cursor.execute(_INDEX)
            self._is_indexed = True
        cursor.execute(LOOK_UP_EACH_DAY)
        cursor.execute(_LOOK_UP, [",".join(map(str, column)) for column in zip(*keys, strict=True)])
        return {
            (premise_id, day, channel): SeenDay(revision_at, int.from_bytes(present, "little"), Outcome(outcome))
            for premise_id, day, channel, revision_at, present, outcome in cursor.fetchall()
        }

    def add(self, cursor: Any, days: Days, seen: dict[Key, SeenDay], outcomes: dict[Key, Outcome]) -> None:
        """Add a batch; `seen` is what earlier batches had of its days."""
        cursor.executemany(_FORGET, list(seen))
        rows = []
        for key, day in days.items():
            revision_at, present, outcome = day.revision_at, day.present_mask, outcomes[key]
            if earlier := seen.get(key):
                outcome = max(outcome, earlier.outcome)
                if earlier.revision_at == revision_at:
                    present |= earlier.present
                elif earlier.revision_at > revision_at:
                    revision_at, present = earlier.revision_at, earlier.present
            rows.append(copy_seen_row(key[0], day, revision_at, present, outcome))
        with cursor.copy(_ADD) as copy:
            copy.write(b"".join([COPY_START, *rows, COPY_END]))
        self._is_empty = False
