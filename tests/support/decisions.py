"""Answers to a request as a person gives them: some time after the page was served (X1)."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse

from agreements.consent import READING_TIME
from agreements.models import Agreement
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.served_times import sign_time


def decision_link(agreement: Agreement, name: str = "invitation") -> str:
    """Return the path of the page behind the link in the customer's email, or of another one that it opens."""
    return reverse(name, args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])


def decision_form(agreement: Agreement, decision: str = "accept", *, seconds: float = 60) -> dict[str, str]:
    """Return the form of a decision page that was served `seconds` ago."""
    return {"decision": decision, "served": sign_time(agreement.number, utc_or_now() - timedelta(seconds=seconds))}


def submission_form(agreements: Sequence[Agreement], decision: str = "accept", **fields: str) -> dict[str, Any]:
    """Return the form of the page about several `agreements`, read for a minute; `fields` as answer_NUMBER (C10)."""
    served = sign_time(f"submission {agreements[0].submission_id}", utc_or_now() - timedelta(seconds=60))
    return {"decision": decision, "number": [each.number for each in agreements], "served": served} | fields


def wait_as_a_reader() -> None:
    """Wait as long as nobody can read faster."""
    time.sleep(READING_TIME.total_seconds() + 0.1)


def answer_after_reading(page: str, decision: str = "accept") -> dict[str, str]:
    """Return the form of a decision page, as HTML, after the time that reading it takes."""
    served = re.search(r'name="served" value="([^"]+)"', page)
    assert served, "The page has no form."
    wait_as_a_reader()
    return {"decision": decision, "served": served[1]}
