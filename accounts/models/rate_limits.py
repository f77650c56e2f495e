"""What the daily limits count (X2)."""

from __future__ import annotations

from django.db import models


class RateLimitHit(models.Model):
    """Something that is limited per day happened: a failed match, or an email that a stranger caused (X2).

    `subject_hash` identifies its subject by a keyed hash: it can be compared, not read.
    """

    subject_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_hash", "at"], name="rate_limit_hit_subject")]

    def __str__(self) -> str:
        return f"Hit at {self.at}"
