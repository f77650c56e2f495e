"""Cursors of lists: opaque, good for a day, and for the list that gave them only (V5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from api.problems import ApiProblem

VALID = timedelta(hours=24)
_SALT = "api.cursor"


@dataclass(frozen=True)
class LastRow:
    """What the order of agreements needs of the last row of a page."""

    initiated_at: datetime
    number: str


def make_cursor(row: Any, filters: Sequence[Any]) -> str:
    """Return the cursor after `row` of the list with these `filters`, of which one is the company."""
    return signing.dumps([row.initiated_at.isoformat(), row.number, _digest(filters)], salt=_SALT)


def read_cursor(cursor: str | None, filters: Sequence[Any]) -> LastRow | None:
    """Return the row after which the page begins; None without a cursor. Raises ApiProblem."""
    if cursor is None:
        return None
    try:
        initiated_at, number, digest = signing.loads(cursor, salt=_SALT, max_age=VALID)
    except signing.BadSignature as error:
        raise ApiProblem("cursor-mismatch") from error
    if digest != _digest(filters):
        raise ApiProblem("cursor-mismatch")
    return LastRow(datetime.fromisoformat(initiated_at), number)


def _digest(filters: Sequence[Any]) -> str:
    """Return what tells lists apart and says nothing of what was searched for: a cursor is signed, not encrypted."""
    return hashlib.sha256(json.dumps([*filters], sort_keys=True).encode()).hexdigest()[:32]
