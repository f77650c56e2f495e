"""The letter of authorization (EM203)."""

from __future__ import annotations

from django.db import models

from agreements.models.agreement import Agreement


class Letter(models.Model):
    """The letter of authorization (LOA) of an accepted agreement: the text that the customer authorized, with its hash.

    `decision_text` is the text of the decision page in `decision_language`. `version` covers the wording of both texts.
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="letter")
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    decision_language = models.CharField(max_length=10, blank=True)
    decision_text = models.TextField(blank=True)
    decision_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"LOA {self.agreement}"
