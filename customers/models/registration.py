"""Registrations that wait to be confirmed by email (C3)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from phonenumber_field.modelfields import PhoneNumberField

from customers.models.claim import ClaimSignal
from customers.models.customer import CustomerKind
from meters.models import Premise


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def expired(self, *, at: datetime | None = None) -> RegistrationQuerySet:
        return self.filter(asked_at__lt=(at or Now()) - settings.REGISTRATION_PERIOD)


class Registration(models.Model):
    """A registration that waits to be confirmed by email (C3). No user exists before it is confirmed.

    The token of the confirmation link is derived from `link_nonce`; only its hash can be looked up. What the form found
    out about the claim (X7) is kept until then.
    """

    kind = models.CharField(max_length=12, choices=CustomerKind.choices)
    first_name = models.CharField(max_length=60)
    middle_initial = models.CharField(max_length=1, blank=True)
    last_name = models.CharField(max_length=60)
    suffix = models.CharField(max_length=10, blank=True)
    company_name = models.CharField(max_length=120, blank=True)
    phone = PhoneNumberField(blank=True)
    phone_extension = models.CharField(max_length=10, blank=True)
    email = models.EmailField(max_length=254)
    language = models.CharField(max_length=10, choices=settings.LANGUAGES)
    username = models.CharField(max_length=150)
    password = models.CharField(max_length=128)  # hashed; emptied when the user has it
    premise = models.ForeignKey(Premise, on_delete=models.CASCADE, related_name="+")
    provider_entered = models.CharField(max_length=120, blank=True)
    provider_matches = models.BooleanField(default=False)
    signals = ArrayField(models.CharField(max_length=10, choices=ClaimSignal.choices), default=list)
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="registration_age")]

    def __str__(self) -> str:
        return f"Registration {self.pk}"


class FailedClaim(models.Model):
    """A claim that did not match our records, for the notice to the TDSP about guessing (X2)."""

    at = models.DateTimeField()
    esiid = models.CharField(max_length=22)

    class Meta:
        indexes = [models.Index(fields=["at"], name="failed_claim_age")]

    def __str__(self) -> str:
        return f"Failed claim at {self.at}"
