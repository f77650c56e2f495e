"""Webhook endpoints of a client, their secrets, and the deliveries of events to them (W4 to W9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from api.models.client import ApiClient
from api.models.event import ApiEvent
from api.public_ids import new_delivery_id, new_endpoint_id
from companies.models import Company

ALL_TYPES = "*"


class DisabledReason(models.TextChoices):
    """Why an endpoint gets nothing."""

    COMPANY = "company", _("Turned off by your company")
    GONE = "gone", _("Your server responded with 410 (Gone)")
    FAILING = "failing", _("Every attempt failed for three days")
    OPERATOR = "operator", _("Turned off by the operator of this portal")


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def of_company(self, company: Company) -> WebhookEndpointQuerySet:
        """Return the endpoints of the company's clients, test clients too."""
        clients = ApiClient.objects.of_company(company)
        return self.filter(client__in=clients)

    def receiving(self) -> WebhookEndpointQuerySet:
        """Return endpoints that get events: on, of a client that is on and still may have webhooks."""
        client = {"client__disabled_at": None, "client__manages_webhooks": True}
        return self.filter(disabled_at=None, client__membership__ended_at=None, **client)


class WebhookEndpoint(models.Model):
    """A URL of a client's own to which events are sent. Its health is that of the latest attempts (W7)."""

    endpoint_id = models.CharField(max_length=30, unique=True, default=new_endpoint_id)
    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="endpoints")
    url = models.CharField(max_length=500)
    types = ArrayField(models.CharField(max_length=30), default=list)
    description = models.CharField(_("description"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    disabled_at = models.DateTimeField(_("turned off"), null=True)
    disabled_reason = models.CharField(_("reason"), max_length=10, choices=DisabledReason.choices, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True)
    last_failure_at = models.DateTimeField(_("last failure"), null=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)  # no success since this failure
    consecutive_failures = models.PositiveIntegerField(_("failures in a row"), default=0)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at=None, disabled_reason="")
                | Q(disabled_at__isnull=False, disabled_reason__in=DisabledReason.values),
                name="disabled_endpoint_says_why",
            )
        ]

    def __str__(self) -> str:
        return self.endpoint_id

    @property
    def host(self) -> str:
        """The host of the URL: the rest may have a secret of the company's."""
        return self.url.partition("://")[2].partition("/")[0].partition("?")[0]

    def wants(self, event_type: str) -> bool:
        return ALL_TYPES in self.types or event_type in self.types


class EndpointSecretQuerySet(models.QuerySet["EndpointSecret"]):
    def current(self, *, at: datetime | None = None) -> EndpointSecretQuerySet:
        """Return the secrets with which deliveries are signed now, the newest first."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at or Now())).order_by("-made_at", "-pk")


class EndpointSecret(models.Model):
    """What an endpoint's deliveries are signed with, encrypted; during an overlap there are two (W6)."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    encrypted = models.BinaryField()
    made_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField(null=True)

    objects = EndpointSecretQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    SUCCEEDED = "succeeded", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, *, at: datetime | None = None) -> WebhookDeliveryQuerySet:
        """Return deliveries that a worker should take now: due ones, also those of a worker that went silent."""
        now = at or Now()
        pending = self.filter(state=DeliveryState.PENDING, due_at__lte=now)
        return pending.filter(Q(leased_until=None) | Q(leased_until__lt=now))

    def leased(self, *, at: datetime | None = None) -> WebhookDeliveryQuerySet:
        """Return deliveries that a worker is sending."""
        return self.filter(leased_until__gte=at or Now())


class WebhookDelivery(models.Model):
    """One event for one endpoint, with each attempt (W9).

    `step` counts the attempts of the schedule that were made. `attempts` has, for each: at, status, took_ms, error,
    response_start.
    """

    delivery_id = models.CharField(max_length=30, unique=True, default=new_delivery_id)
    # Indexes of this table begin with the endpoint.
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(ApiEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True)  # changes with each claim
    leased_until = models.DateTimeField(null=True)
    step = models.PositiveSmallIntegerField(default=0)
    attempts: Any = models.JSONField(default=list)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_event"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], name="delivery_pending", condition=Q(state="pending")),
            models.Index(fields=["endpoint"], name="delivery_leased", condition=Q(leased_until__isnull=False)),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["endpoint", "state", "-id"], name="delivery_by_state"),
            models.Index(fields=["created_at"], name="delivery_age"),
        ]

    def __str__(self) -> str:
        return self.delivery_id
