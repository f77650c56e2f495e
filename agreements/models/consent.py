"""Signals against a customer's consent, and failed matches of meters (X1, X2)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models.agreement import Agreement
from companies.models import Company


class SignalKind(models.TextChoices):
    """Why a customer's answer may be the third party's own (X1)."""

    OWN_USER = "own_user", _("The customer's email address belongs to a user of the third party")
    OWN_DOMAIN = "own_domain", _("The customer's email address is in the third party's own email domain")
    SAME_ADDRESS = "same_address", _("This third party used the same email address for three or more homes")
    SAME_DOMAIN = "same_domain", _("Addresses in the same email domain were used for three or more homes")
    NETWORK = "network", _("Accepted from a network address that the third party's users also used")
    BROWSER = "browser", _("Accepted in a browser that the third party's users also used")
    TOO_FAST = "too_fast", _("Accepted faster than anyone can read the page, or without opening it")
    OTHER_HOLDER = "other_holder", _("The ESIID has moved to a different account since the request")
    UNCONFIRMED = "unconfirmed", _("The customer's ESIID claim is not confirmed")
    DISAVOWED = "disavowed", _("The customer told us that someone else accepted")


class ConsentSignal(models.Model):
    """A signal that holds the agreement's report for a TDSP's review."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=12, choices=SignalKind.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["agreement", "kind"], name="signal_once_for_an_agreement")]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.get_kind_display()}"


class FailedMatch(models.Model):
    """A meter row of a form that matched no record, for the notice about guessing (X2)."""

    at = models.DateTimeField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+")
    esiid = models.CharField(max_length=22)

    class Meta:
        indexes = [
            models.Index(fields=["user", "at"], name="failed_match_user"),
            models.Index(fields=["company", "at"], name="failed_match_company"),
            models.Index(fields=["esiid", "at"], name="failed_match_esiid"),
        ]

    def __str__(self) -> str:
        return f"{self.company} at {self.at}"
