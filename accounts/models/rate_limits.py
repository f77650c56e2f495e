"""Attempts that are limited per day (X2)."""

from __future__ import annotations

from django.db import models


class Attempt(models.Model):
    """Something that is limited per day: a failed match or an email that a stranger caused (X2).

    `subject_hash` says about whom, as a keyed hash: it can be compared, not read.
    """

    subject_hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_hash", "at"], name="attempt_subject")]

    def __str__(self) -> str:
        return f"Attempt at {self.at}"
