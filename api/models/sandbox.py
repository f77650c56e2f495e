"""What the sandbox keeps beside its agreements: premises that were made up, and what happens next (V16, V17)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agreements.models import Agreement
from meters.models import Premise


class SandboxPremise(models.Model):
    """A premise of a test ESIID, made on the Central day on which a test key first named it."""

    premise = models.OneToOneField(Premise, on_delete=models.CASCADE, primary_key=True, related_name="+")
    made_on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["made_on"], name="sandbox_premise_age")]

    def __str__(self) -> str:
        return f"{self.premise} since {self.made_on}"


class StepKind(models.TextChoices):
    """What a customer, the clock, a mail server, or a utility would do."""

    ANSWER = "answer"
    EXPIRE = "expire"
    BOUNCE = "bounce"
    DELIVER = "deliver"  # the data for which the report waits
    REVIEW = "review"
    PURGE = "purge"


class SandboxStepQuerySet(models.QuerySet["SandboxStep"]):
    def due(self, *, at: datetime | None = None) -> SandboxStepQuerySet:
        return self.filter(due_at__lte=at or Now())


class SandboxStep(models.Model):
    """The next step of a test agreement; none is left when its scenario has ended."""

    agreement = models.OneToOneField(Agreement, on_delete=models.CASCADE, primary_key=True, related_name="+")
    kind = models.CharField(max_length=8, choices=StepKind.choices)
    due_at = models.DateTimeField()

    objects = SandboxStepQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="sandbox_step_due")]
        constraints = [models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="sandbox_step_is_known")]

    def __str__(self) -> str:
        return f"{self.kind} {self.agreement}"
