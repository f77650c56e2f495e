"""How often each client asked in the current minute (V14).

The table is UNLOGGED: after a crash of PostgreSQL a minute is counted again, and no request waits for a disk.
"""

from __future__ import annotations

from django.db import models

from api.models.client import ApiClient


class RequestWindow(models.Model):
    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+")
    policy = models.CharField(max_length=20)
    begins_at = models.DateTimeField()
    used = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "policy"], name="request_window_once_per_policy")]

    def __str__(self) -> str:
        return f"{self.policy}: {self.used}"
