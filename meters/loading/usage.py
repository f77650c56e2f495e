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
    path: str | Path, on_rejection: OnRejection | None = None, progress: Progress | None = None
) -> LoadResult:
    """Load the usage CSV (or ZIP of them) at `path`; the result counts days of one ESIID and direction.

    Batches are committed as they come unless a transaction is open. Memory does not grow with the file. LoadError if
    the file cannot be read or its header is no known layout's; rows that break a rule go to `on_rejection`.
    """
    result = LoadResult(str(path), "days", on_rejection=on_rejection)
    for source in files.sources(path):
        _load(source, result, progress)
    return result


def _load(source: files.Source, result: LoadResult, progress: Progress | None) -> None:
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
            merged = stage.merge(_on_record(blocks, reject), reject)
            result.rows = rows_before + reader.rows
            result.new += merged.new
            result.changed += merged.changed
            result.unchanged += merged.unchanged
            for line, reason in sorted(rejected):
                result.reject(source.name, line, reason)
            rejected.clear()


def _on_record(blocks: Iterable[Block], reject: Reject) -> Iterator[tuple[int, Block]]:
    """The blocks with their premises' ids; the rows of ESIIDs that are not on record are turned away."""
    blocks = list(blocks)
    ids = dict(Premise.objects.filter(esiid__in={block.esiid for block in blocks}).values_list("esiid", "id"))
    for block in blocks:
        if premise_id := ids.get(block.esiid):
            yield premise_id, block
        else:
            for line in filter(None, block.lines):
                reject(line, Reason.UNKNOWN_ESIID)
