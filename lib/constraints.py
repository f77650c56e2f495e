"""Which rule of the database refused a change."""

from __future__ import annotations

from django.db import IntegrityError


def violated_constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that refused, or an empty string."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
