"""The time at which a page was served, signed into its form: what comes back says how long the page was open (X1)."""

from __future__ import annotations

from datetime import datetime

from django.core.signing import BadSignature, Signer

SALT = "lib.served_times"


def sign_time(subject: str, at: datetime) -> str:
    """Return the entry for a hidden field of the form about `subject`, which was served `at`."""
    return Signer(salt=SALT).sign_object([subject, at.isoformat()])


def read_time(signed: str, subject: str) -> datetime | None:
    """Return when the form about `subject` was served; None if `signed` is missing, forged or about another one."""
    try:
        signed_subject, at = Signer(salt=SALT).unsign_object(signed)
    except BadSignature:
        return None
    return datetime.fromisoformat(at) if signed_subject == subject else None
