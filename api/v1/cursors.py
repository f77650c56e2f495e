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
    return seal_place([row.initiated_at.isoformat(), row.number], ["agreements", *filters])


def read_cursor(cursor: str | None, filters: Sequence[Any]) -> LastRow | None:
    """Return the row after which the page begins; None without a cursor. Raises ApiProblem."""
    if cursor is None:
        return None
    initiated_at, number = unseal_place(cursor, ["agreements", *filters])
    return LastRow(datetime.fromisoformat(initiated_at), number)


def seal_place(place: Any, of_list: Sequence[Any]) -> str:
    """Return a cursor of the list `of_list`: its name, whose it is, and its filters."""
    return signing.dumps([place, _digest(of_list)], salt=_SALT)


def unseal_place(cursor: str, of_list: Sequence[Any], *, valid: timedelta = VALID, too_old: str = "") -> Any:
    """Return the place in the list `of_list`. Raises ApiProblem; after `valid` with the detail `too_old`."""
    try:
        place, digest = signing.loads(cursor, salt=_SALT, max_age=valid)
    except signing.SignatureExpired as error:
        raise ApiProblem("cursor-mismatch", too_old) from error
    except signing.BadSignature as error:
        raise ApiProblem("cursor-mismatch") from error
    if digest != _digest(of_list):
        raise ApiProblem("cursor-mismatch")
    return place


def _digest(of_list: Sequence[Any]) -> str:
    """Return what tells lists apart and says nothing of what was searched for: a cursor is signed, not encrypted."""
    return hashlib.sha256(json.dumps([*of_list], sort_keys=True).encode()).hexdigest()[:32]
