"""Claims of ESIIDs by customers, disputes about them, and what a claim lets its customer see (X7)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.models.customer import Customer
from lib.central_time import ONE_DAY, central_day
from lib.review_reasons import REASON_LENGTH
from lib.working_days import add_working_days
from meters.models import Premise
from meters.usage.partitions import FIRST_DAY

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

METER_NAME_LENGTH = 30


class ClaimSignal(models.TextChoices):
    """Why a claim may not be the customer's own (X1, X7)."""

    MAILBOX = "mailbox", _("The email address belongs to a user of a third party")
    DOMAIN = "domain", _("The email address is in a third party's own email domain")
    NETWORK = "network", _("Made from a network address that a third party's users also used")
    BROWSER = "browser", _("Made in a browser that a third party's users also used")
    CONSENT = "consent", _("A consent from this email address is under review or was refused")


class ClaimDecision(models.TextChoices):
    """What the utility decided about a claim; empty before it did."""

    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")


class ClaimState(models.TextChoices):
    """The state of a current claim. It follows from the row and the clock and is stored nowhere."""

    CONFIRMED = "confirmed", _("Confirmed")
    WAITING = "waiting", _("Waiting 72 hours")
    PROVIDER_UNKNOWN = "provider_unknown", _("Provider not on record")
    SUSPECTED = "suspected", _("Warning signs")
    DISPUTED = "disputed", _("Disputed")


# Of a claim without a dispute that needs the utility's decision.
UNDECIDED = Q(until=None, decision="") & (Q(provider_matches=False) | ~Q(signals=[]))


class EsiidClaimQuerySet(models.QuerySet["EsiidClaim"]):
    def visible_to(self, user: User | AnonymousUser) -> EsiidClaimQuerySet:
        """Return the user's own current claims with what their `visible_from` needs: the only way to usage (C5, X7)."""
        own = self.filter(customer__user=user.pk, until=None) if user.is_authenticated else self.none()
        return own.with_visibility()

    def with_visibility(self) -> EsiidClaimQuerySet:
        """Add what `visible_from` needs: the state, the end of the former claim, and the premise."""
        return self.with_state().with_former_end().select_related("premise")

    def with_state(self) -> EsiidClaimQuerySet:
        """Annotate what `state` needs, by the database's clock."""
        disputes = ClaimDispute.objects.filter(claim=models.OuterRef("pk"), decided_at=None).values("at")
        is_confirmed = models.ExpressionWrapper(_confirmed(), output_field=models.BooleanField())
        return self.annotate(disputed_at=models.Subquery(disputes[:1]), is_confirmed=is_confirmed)

    def with_former_end(self) -> EsiidClaimQuerySet:
        """Annotate `former_end`: when the last other customer's claim of the premise ended, or None (R2)."""
        others = self.model.objects.former().filter(premise=models.OuterRef("premise"), until__lte=Now())
        ended = others.exclude(customer=models.OuterRef("customer")).order_by("-until").values("until")
        return self.annotate(former_end=models.Subquery(ended[:1]))

    def former(self) -> EsiidClaimQuerySet:
        """Return ended claims that were a customer's service, without refused ones (R2)."""
        return self.exclude(until=None).exclude(decision=ClaimDecision.REFUSED)

    def awaiting_decision(self) -> EsiidClaimQuerySet:
        """Return current claims that the utility must decide about: disputed, with a signal, or without a provider."""
        # A union: of an OR, PostgreSQL would test every claim.
        undecided = self.model.objects.filter(UNDECIDED).values("pk")
        disputed = ClaimDispute.objects.order_by().filter(decided_at=None).values("claim")
        return self.filter(pk__in=undecided.union(disputed), until=None).with_state()

    def confirmed(self) -> EsiidClaimQuerySet:
        """Return current claims that are confirmed and not disputed: their customers are registered at the premise."""
        disputes = ClaimDispute.objects.filter(claim=models.OuterRef("pk"), decided_at=None)
        return self.filter(_confirmed(), ~models.Exists(disputes), until=None)


def _confirmed() -> Q:
    """Return the condition of a confirmed claim: by the utility, or by time if nothing speaks against it (X7)."""
    is_old = Q(since__lte=Now() - settings.CLAIM_WAITING_PERIOD)
    return Q(decision=ClaimDecision.CONFIRMED) | (Q(provider_matches=True, signals=[]) & is_old)


class EsiidClaim(models.Model):
    """A customer claims a premise's ESIID from `since` until `until` (null: still). One claim of a premise at a time.

    The link of the notice about it is derived from `link_nonce`; only its hash can be looked up.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="claims")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="claims")
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)
    provider_entered = models.CharField(_("provider entered"), max_length=120, blank=True)
    provider_matches = models.BooleanField(_("is the provider on record"), default=False)
    signals = ArrayField(models.CharField(max_length=10, choices=ClaimSignal.choices), default=list, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=ClaimDecision.choices, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decision_reason = models.CharField(_("reason for the decision"), max_length=REASON_LENGTH, blank=True)
    escalated_at = models.DateTimeField(null=True, editable=False)  # when the operators were told
    link_nonce = models.BinaryField(null=True)
    link_hash = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    # What the customer calls the meter, for the customer's own pages only (C5).
    meter_name = models.CharField(max_length=METER_NAME_LENGTH, blank=True, editable=False)

    is_confirmed: bool  # these two of EsiidClaimQuerySet.with_state()
    disputed_at: datetime | None
    former_end: datetime | None  # of EsiidClaimQuerySet.with_former_end()

    objects = EsiidClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("ESIID claim")
        verbose_name_plural = _("ESIID claims")
        constraints = [
            models.UniqueConstraint(
                fields=["premise"],
                condition=Q(until=None),
                name="premise_has_one_claim",
                violation_error_message=_("This ESIID belongs to another account."),
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at=None) | (~Q(decision="") & Q(decided_at__isnull=False)),
                name="claim_decision_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(decision=ClaimDecision.REFUSED) | Q(until__isnull=False), name="refused_claim_has_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["since"], name="claim_undecided", condition=UNDECIDED),
            models.Index(fields=["since"], name="claim_age"),
        ]

    def __str__(self) -> str:
        return f"{self.customer} holds {self.premise}"

    @property
    def state(self) -> ClaimState:
        if self.disputed_at:
            return ClaimState.DISPUTED
        if self.is_confirmed:
            return ClaimState.CONFIRMED
        if self.signals:
            return ClaimState.SUSPECTED
        return ClaimState.WAITING if self.provider_matches else ClaimState.PROVIDER_UNKNOWN

    @property
    def visible_from(self) -> date | None:
        """The first Central day of usage that the customer may see; None: nothing at all (X7).

        Usage "from the claim on" begins the day after it: the day of the claim has hours before it.
        """
        if self.state in (ClaimState.DISPUTED, ClaimState.SUSPECTED):
            return None
        service = self.service_start or FIRST_DAY
        return service if self.is_confirmed else max(service, central_day(self.since) + ONE_DAY)

    @property
    def service_start(self) -> date | None:
        return first_day_of_service(self.premise, self.former_end)

    @property
    def waits_until(self) -> datetime:
        """When the claim is confirmed if there is no dispute and no signal against it."""
        return self.since + settings.CLAIM_WAITING_PERIOD

    @property
    def review_due_on(self) -> date:
        """The last of the utility's working days for this claim, or for its dispute; then the operators are told."""
        end = add_working_days(self.disputed_at or self.since, settings.CLAIM_REVIEW_WORKING_DAYS)
        return central_day(end) - ONE_DAY


def first_day_of_service(premise: Premise, former_end: datetime | None) -> date | None:
    """Return the present customer's first day at `premise`, if the TDSP reported it (R2).

    `former_end` is when the last claim by another customer ended, if any; that day still belonged to that customer.
    """
    known = [premise.service_since] if premise.service_since else []
    return max([*known, central_day(former_end) + ONE_DAY] if former_end else known, default=None)


class ClaimDisputeQuerySet(models.QuerySet["ClaimDispute"]):
    def visible_to(self, user: User | AnonymousUser) -> ClaimDisputeQuerySet:
        """Return the open disputes that the user's account began."""
        return self.filter(customer__user=user.pk, decided_at=None) if user.is_authenticated else self.none()


class ClaimDispute(models.Model):
    """A claim is said not to be the customer's: with another account, or by the notice's link (X7).

    `is_upheld` is the utility's decision: true if the claim ended because of it.
    """

    claim = models.ForeignKey(EsiidClaim, on_delete=models.CASCADE, related_name="disputes")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="disputes")
    provider_entered = models.CharField(_("provider entered"), max_length=120, blank=True)
    provider_matches = models.BooleanField(_("is the provider on record"), default=False)
    signals = ArrayField(models.CharField(max_length=10, choices=ClaimSignal.choices), default=list, blank=True)
    at = models.DateTimeField(_("disputed"))
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    is_upheld = models.BooleanField(_("upheld"), null=True)
    reason = models.CharField(_("reason for the decision"), max_length=REASON_LENGTH, blank=True)

    objects = ClaimDisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["claim"], condition=Q(decided_at=None), name="claim_has_one_open_dispute"),
            models.CheckConstraint(
                condition=Q(decided_at=None, is_upheld=None) | Q(decided_at__isnull=False, is_upheld__isnull=False),
                name="decided_dispute_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Dispute of claim {self.claim_id}"
