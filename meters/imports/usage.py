"""Import usage from interval CSV (D2)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter, itemgetter
from pathlib import Path

from django.db import connection

from meters.imports.archives import CsvSource, open_sources
from meters.imports.results import FileError, ImportResult, OnRejection, Progress, Reason
from meters.imports.staged_days import ALL_SLOTS, Days, Key, StagedDay
from meters.imports.text_lines import TextWindow
from meters.imports.usage_layouts import find_layout
from meters.imports.usage_merge import usage_merge
from meters.imports.usage_rows import RowReader

# A batch is a transaction and what an import holds in memory: about 15 MB. An interrupted import loses one batch.
DAYS_AT_ONCE = 1_000
ROWS_AT_ONCE = 120_000

_PREMISES = """
    SELECT esiid, id, tdsp_id FROM meters_premise WHERE esiid = ANY(string_to_array(%s, ','))
    AND tdsp_id NOT IN (SELECT id FROM meters_tdsp WHERE is_sandbox)
"""


def import_usage(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import the usage CSV (plain, gzip or ZIP of several) at `path`; the result counts days of an ESIID and direction.

    Each batch is committed unless a transaction is open; a `dry_run` stores nothing. Memory does not grow with the
    file. `on_rejection` is called for invalid rows, and with `only_tdsp`, the id of a TDSP, for rows of other TDSPs'
    premises (D1). FileError if a CSV can't be read or its header is unknown; the other CSVs of a ZIP are imported.
    """
    result = ImportResult(str(path), "days", on_rejection=on_rejection)
    failures = []
    for source in open_sources(path):
        try:
            _import_csv(source, result, progress, only_tdsp, dry_run)
        except FileError as error:
            failures.append(str(error))
    if failures:
        raise FileError("\n".join(failures), result)
    return result


def _import_csv(
    source: CsvSource, result: ImportResult, progress: Progress | None, only_tdsp: int | None, dry_run: bool
) -> None:
    text = TextWindow(source)  # without progress: another thread reads
    names = text.read_header()
    layout = find_layout(names, source.name)
    batches = RowReader(names, layout).batches(text, DAYS_AT_ONCE, ROWS_AT_ONCE)
    # A thread reads the next batch while PostgreSQL stores this one.
    with usage_merge(result, dry_run=dry_run) as merge, ThreadPoolExecutor(1, "read-ahead") as reader:
        next_batch = reader.submit(next, batches, None)
        while batch := next_batch.result():
            next_batch = reader.submit(next, batches, None)
            with connection.cursor() as cursor:
                cursor.execute(_PREMISES, [",".join({key[0] for key in batch.days})])
                premises = {esiid: (premise_id, tdsp_id) for esiid, premise_id, tdsp_id in cursor.fetchall()}
            revisions: dict[Key, list[StagedDay]] = {}
            for day in batch.days.values():
                premise_id, tdsp_id = premises.get(day.esiid, (None, None))
                if premise_id is not None and only_tdsp in (None, tdsp_id):
                    revisions.setdefault((premise_id, day.day, day.channel), []).append(day)
                else:
                    reason = Reason.UNKNOWN_ESIID if premise_id is None else Reason.OTHER_TDSP
                    for line, row in day.rows():
                        batch.reject(line, reason, row)
            result.rows += batch.rows
            for days in _oldest_first(revisions, result):
                merge.store(days, batch.reject)
            for number, why, rejected_row in sorted(batch.rejected, key=itemgetter(0)):
                result.reject(source.name, number, why, rejected_row)
            if progress:
                progress(batch.bytes_read, source.size)


def _oldest_first(revisions: dict[Key, list[StagedDay]], result: ImportResult) -> Iterator[Days]:
    """Yield what must be stored after each other: nearly always one revision of each day.

    An older revision is left out where a newer one has all slots of the day. Otherwise it comes first, as if it were in
    another file, and keeps the slots for which the newer one has no row.
    """
    for days in revisions.values():
        if len(days) == 1:
            continue
        days.sort(key=attrgetter("revision_at"))
        complete = [place for place, day in enumerate(days) if day.present_mask == ALL_SLOTS[day.slots]]
        for day in days[: complete[-1]] if complete else []:
            result.superseded += sum(1 for _row in day.rows())
        del days[: complete[-1] if complete else 0]
    while revisions:
        yield {key: days.pop(0) for key, days in revisions.items()}
        revisions = {key: days for key, days in revisions.items() if days}
