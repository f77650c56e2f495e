"""Loading usage from interval CSV (D2)."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from meters.interval_csv import COLUMNS
from meters.loading import files
from meters.loading.results import LoadResult, OnRejection, Progress, Reason
from meters.loading.usage_blocks import Block, WholeDay
from meters.loading.usage_dialects import dialect_of
from meters.loading.usage_merge import UsageStage
from meters.loading.usage_rows import Reject, RowReader

# A batch is a transaction and what a load holds in memory: about 15 MB. A load that is stopped loses one batch.
BLOCKS_AT_ONCE = 1_000
ROWS_AT_ONCE = 120_000

_PREMISES = "SELECT esiid, id, tdsp_id FROM meters_premise WHERE esiid = ANY(%s)"


def load_usage(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
    dry_run: bool = False,
) -> LoadResult:
    """Load the usage CSV (plain, gzip or ZIP of several) at `path`; the result counts days of one ESIID and direction.

    Batches are committed as they come unless a transaction is open; of a `dry_run` nothing stays. Memory does not grow
    with the file. LoadError if the file cannot be read or its header is no known layout's; the other CSVs of a ZIP are
    loaded all the same. Rows that break a rule go to `on_rejection`, and with `only_tdsp`, a TDSP's key, those of other
    TDSPs' premises too (D1).
    """
    result = LoadResult(str(path), "days", on_rejection=on_rejection)
    failures = []
    for source in files.sources(path):
        try:
            _load(source, result, progress, only_tdsp, dry_run)
        except files.LoadError as error:
            failures.append(str(error))
    if failures:
        raise files.LoadError("\n".join(failures), result)
    return result


def _load(
    source: files.Source, result: LoadResult, progress: Progress | None, only_tdsp: int | None, dry_run: bool
) -> None:
    text = files.Text(source, progress)
    names = files.header(text, source)
    dialect = dialect_of(names)
    if dialect is None:
        raise files.LoadError(
            _("%(file)s: the header is no known usage layout. Its first line should be %(header)s.")
            % {"file": source.name, "header": ",".join(COLUMNS)}
        )
    rejected: list[tuple[int, Reason, bytes | None]] = []

    def reject(line: int, reason: Reason, row: bytes | None) -> None:
        rejected.append((line, reason, row))

    def tell_rejected() -> None:
        for line, reason, row in sorted(rejected, key=itemgetter(0)):
            result.reject(source.name, line, reason, row)
        rejected.clear()

    rows_before = result.rows
    reader = RowReader(names, dialect, reject)
    with UsageStage(dry_run=dry_run) as stage:
        for blocks in reader.batches(text, BLOCKS_AT_ONCE, ROWS_AT_ONCE):
            merged = stage.merge(_on_record(blocks, reject, only_tdsp), reject)
            result.rows = rows_before + reader.rows
            result.new += merged.new
            result.changed += merged.changed
            result.unchanged += merged.unchanged
            result.older += merged.older
            tell_rejected()


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
