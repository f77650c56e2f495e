"""Loading usage from interval CSV (D2)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from operator import itemgetter
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from meters.imports import text_lines
from meters.imports.results import ImportResult, OnRejection, Progress, Reason
from meters.imports.staged_days import Block, WholeDay
from meters.imports.usage_layouts import dialect_of
from meters.imports.usage_merge import UsageStage
from meters.imports.usage_rows import Batch, Reject, RowReader
from meters.usage.interval_csv import COLUMNS

# A batch is a transaction and what a load holds in memory: about 15 MB. A load that is stopped loses one batch.
BLOCKS_AT_ONCE = 1_000
ROWS_AT_ONCE = 120_000

_PREMISES = "SELECT esiid, id, tdsp_id FROM meters_premise WHERE esiid = ANY(%s)"


def import_usage(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Load the usage CSV (plain, gzip or ZIP of several) at `path`; the result counts days of one ESIID and direction.

    Batches are committed as they come unless a transaction is open; of a `dry_run` nothing stays. Memory does not grow
    with the file. FileError if the file cannot be read or its header is no known layout's; the other CSVs of a ZIP are
    loaded all the same. Rows that break a rule go to `on_rejection`, and with `only_tdsp`, a TDSP's key, those of other
    TDSPs' premises too (D1).
    """
    result = ImportResult(str(path), "days", on_rejection=on_rejection)
    failures = []
    for source in text_lines.sources(path):
        try:
            _load(source, result, progress, only_tdsp, dry_run)
        except text_lines.FileError as error:
            failures.append(str(error))
    if failures:
        raise text_lines.FileError("\n".join(failures), result)
    return result


def _load(
    source: text_lines.Source, result: ImportResult, progress: Progress | None, only_tdsp: int | None, dry_run: bool
) -> None:
    text = text_lines.Text(source)  # progress is told here: another thread reads
    names = text_lines.header(text, source)
    dialect = dialect_of(names)
    if dialect is None:
        raise text_lines.FileError(
            _("%(file)s: the header is no known usage layout. Its first line should be %(header)s.")
            % {"file": source.name, "header": ",".join(COLUMNS)}
        )
    batches = RowReader(names, dialect).batches(text, BLOCKS_AT_ONCE, ROWS_AT_ONCE)
    with UsageStage(dry_run=dry_run) as stage, closing(_ahead(batches)) as read_ahead:
        for batch in read_ahead:
            merged = stage.merge(_on_record(batch.blocks, batch.reject, only_tdsp), batch.reject)
            result.rows += batch.rows
            result.new += merged.new
            result.changed += merged.changed
            result.unchanged += merged.unchanged
            result.older += merged.older
            for line, reason, row in sorted(batch.rejected, key=itemgetter(0)):
                result.reject(source.name, line, reason, row)
            if progress:
                progress(batch.bytes_read, source.size)


def _ahead(batches: Iterator[Batch]) -> Generator[Batch]:
    """`batches`, of which a thread reads the next while PostgreSQL stores the one before."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        coming = reader.submit(next, batches, None)
        while batch := coming.result():
            coming = reader.submit(next, batches, None)
            yield batch


def _on_record(
    blocks: list[Block | WholeDay], reject: Reject, only_tdsp: int | None
) -> Iterator[tuple[int, Block | WholeDay]]:
    """The blocks with their premises' ids; rows of ESIIDs not on record, or not `only_tdsp`'s, are turned away."""
    with connection.cursor() as cursor:
        cursor.execute(_PREMISES, [list({block.esiid for block in blocks})])
        premises = {esiid: (pk, tdsp) for esiid, pk, tdsp in cursor.fetchall()}
    for block in blocks:
        premise_id, tdsp = premises.get(block.esiid, (None, None))
        if premise_id is not None and only_tdsp in (None, tdsp):
            yield premise_id, block
            continue
        reason = Reason.UNKNOWN_ESIID if premise_id is None else Reason.OTHER_TDSP
        for line, row in block.rows():
            reject(line, reason, row)
