"""What became of a file's rows, as CSV: the file as it was sent, with the outcomes behind (K6)."""

from __future__ import annotations

from agreements.bulk.files import write_csv
from agreements.models import BulkInvitation, BulkState

OUTCOME = ("STATUS", "AGREEMENT_NUMBER", "CODE", "MESSAGE")


def results_csv(bulk: BulkInvitation) -> str:
    """Return the rows with their outcomes; before the file is sent, with the PROBLEM of each row (K4).

    Once the rows' personal data is deleted, the columns of the file are empty.
    """
    is_preview = bulk.state == BulkState.PREVIEW
    header = [*bulk.header, *(("PROBLEM",) if is_preview else OUTCOME)]
    rows = []
    for row in bulk.rows.order_by("number"):
        cells = (row.cells + [""] * len(bulk.header))[: len(bulk.header)]
        message = row.message.replace("\n", " ")
        outcome = [message] if is_preview else [row.state, row.agreement_number, row.code, message]
        rows.append([*cells, *outcome])
    return write_csv(header, rows)


def results_name(bulk: BulkInvitation) -> str:
    return f"bulk-invitations-{str(bulk.pk)[:8]}-{'problems' if bulk.state == BulkState.PREVIEW else 'results'}.csv"
