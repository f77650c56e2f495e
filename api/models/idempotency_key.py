"""The keys of requests that created something (V12). No copy of a body is kept."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from companies.models import Company


class IdempotencyKey(models.Model):
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=4)
    path = models.CharField(max_length=60)
    key = models.CharField(max_length=128)
    body_hash = models.CharField(max_length=64)
    draft_id = models.UUIDField()  # as Submission.draft_id, or the id of a BulkInvitation
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "environment", "path", "key"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return f"{self.path} of company {self.company_id}"
