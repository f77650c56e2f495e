"""Page 1 of the form before its submission (T4, T9)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from accounts.models import User


class Draft(models.Model):
    """The saved page 1 of a form. Its id makes a second click on Submit harmless (T9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    answers = models.JSONField()  # page 1 as entered; emptied on submission
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)
