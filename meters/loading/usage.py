"""Loading usage from interval CSV (D2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from meters.interval_csv import COLUMNS
from meters.loading import files
from meters.loading.results import LoadResult, OnRejection, Progress, Reason
from meters.loading.usage_merge import UsageStage
from meters.loading.usage_rows import Block, Reject, RowReader, dialect_of
from meters.models import Premise

# A batch is a transaction and what a load holds in memory: about 10 MB. A load that is stopped loses one batch.
BLOCKS_AT_ONCE = 1_000
ROWS_AT_ONCE = 120_000


def load_usage(
    path: str | Path,
    on_rejection: OnRejection | None = None,
    progress: Progress | None = None,
    *,
    only_tdsp: int | None = None,
) -> LoadResult:
    """Load the usage CSV (or ZIP of them) at `path`; the result counts days of one ESIID and direction.

    Batches are committed as they come unless a transaction is open. Memory does not grow with the file. LoadError if
    the file cannot be read or its header is no known layout's; rows that break a rule go to `on_rejection`, and with
    `only_tdsp`, a TDSP's key, those of other TDSPs' premises too (D1).
    """
    result = LoadResult(str(path), "days", on_rejection=on_rejection)
    for source in files.sources(path):
        _load(source, result, progress, only_tdsp)
    return result


def _load(source: files.Source, result: LoadResult, progress: Progress | None, only_tdsp: int | None) -> None:
    numbered = files.lines(source, progress)
    names = files.header(numbered, source)
    dialect = dialect_of(names)
    if dialect is None:
        raise files.LoadError(
            _("%(file)s: the header is no known usage layout. Its first line should be %(header)s.")
            % {"file": source.name, "header": ",".join(COLUMNS)}
        )
    rejected: list[tuple[int, Reason]] = []

    def reject(line: int, reason: Reason) -> None:
        rejected.append((line, reason))

    rows_before = result.rows
    reader = RowReader(names, dialect, reject)
    with UsageStage() as stage:
        for blocks in reader.batches(numbered, BLOCKS_AT_ONCE, ROWS_AT_ONCE):
            merged = stage.merge(_on_record(blocks, reject, only_tdsp), reject)
            result.rows = rows_before + reader.rows
            result.new += merged.new
            result.changed += merged.changed
            result.unchanged += merged.unchanged
            for line, reason in sorted(rejected):
                result.reject(source.name, line, reason)
            rejected.clear()


def _on_record(blocks: Iterable[Block], reject: Reject, only_tdsp: int | None) -> Iterator[tuple[int, Block]]:
    """The blocks with their premises' ids; rows of ESIIDs not on record, or not `only_tdsp`'s, are turned away."""
    blocks = list(blocks)
    named = Premise.objects.filter(esiid__in={block.esiid for block in blocks})
    premises = {esiid: (pk, tdsp) for esiid, pk, tdsp in named.values_list("esiid", "id", "tdsp_id")}
    for block in blocks:
        premise_id, tdsp = premises.get(block.esiid, (None, None))
        if premise_id is not None and only_tdsp in (None, tdsp):
            yield premise_id, block
            continue
        reason = Reason.UNKNOWN_ESIID if premise_id is None else Reason.OTHER_TDSP
        for line in filter(None, block.lines):
            reject(line, reason)
