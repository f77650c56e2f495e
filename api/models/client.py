"""A program of a company, the keys by which it is known, and the tokens that it got for one of them (P1, P5, P7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, ExpressionWrapper, Max, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import User
from api.scopes import WEBHOOKS, scopes_of
from companies.models import Company, Membership


class Environment(models.TextChoices):
    LIVE = "live", _("Live")
    TEST = "test", _("Test")


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    def of_company(self, company: Company) -> ApiClientQuerySet:
        """Return the clients that the company's administrators have made: its own and those of its sandbox (V15)."""
        return self.filter(Q(membership__company=company) | Q(membership__company__sandbox_of=company))

    def enabled(self) -> ApiClientQuerySet:
        return self.filter(disabled_at=None)

    def with_use(self) -> ApiClientQuerySet:
        """Annotate `live_key_count`, by the database's clock, and `last_used_at`."""
        live = Q(keys__revoked_at=None, keys__expires_at__gt=Now())
        return self.annotate(live_key_count=Count("keys", filter=live), last_used_at=Max("keys__last_used_at"))


class ApiClient(models.Model):
    """One integration of one company: a membership whose user is no person and cannot sign in (P1).

    The user's name is the client's id, and the membership's permissions are its scopes. So whatever holds for a user
    of the company holds for its programs.
    """

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="api_client")
    environment = models.CharField(max_length=4, choices=Environment.choices, default=Environment.LIVE)
    name = models.CharField(_("name"), max_length=60)
    # Whom customers reach about its agreements, and whom the company's administrators ask about it.
    contact_name = models.CharField(_("contact name"), max_length=120)
    contact_phone = PhoneNumberField(_("contact phone"))
    contact_email = models.EmailField(_("contact email"), max_length=254)
    manages_webhooks = models.BooleanField(_("can manage webhooks"), default=False)  # the scope webhooks:manage (P2)
    allowed_networks = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    # Since when, and in which wording, an administrator attests each NewAgreement of the client (M7).
    smt_attested_at = models.DateTimeField(null=True)
    smt_attestation_version = models.CharField(max_length=10, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by"))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    disabled_at = models.DateTimeField(_("turned off"), null=True)

    live_key_count: int  # annotated by ApiClientQuerySet.with_use()
    last_used_at: datetime | None  # likewise

    objects = ApiClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(environment__in=Environment.values), name="api_client_environment_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.client_id})"

    @property
    def client_id(self) -> str:
        return self.membership.user.username

    @property
    def company(self) -> Company:
        """The company as which the client acts: of a test client the sandbox (V15)."""
        return self.membership.company

    @property
    def owner(self) -> Company:
        """The company whose people administer the client."""
        return self.company.owner

    @property
    def is_test(self) -> bool:
        return self.environment == Environment.TEST

    @property
    def scopes(self) -> list[str]:
        return scopes_of(self.membership.permissions) + ([WEBHOOKS] if self.manages_webhooks else [])


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self, *, at: datetime | None = None) -> ApiKeyQuerySet:
        """Return the keys that open something now."""
        return self.filter(revoked_at=None, expires_at__gt=at or Now())

    def with_is_live(self) -> ApiKeyQuerySet:
        """Annotate `is_live`, by the database's clock."""
        is_live = ExpressionWrapper(Q(revoked_at=None, expires_at__gt=Now()), output_field=models.BooleanField())
        return self.annotate(is_live=is_live)

    def expiring(self, within: timedelta, *, at: datetime | None = None) -> ApiKeyQuerySet:
        """Return live keys of enabled clients that expire `within` this time and were not replaced (P6)."""
        now = at or Now()
        return self.live(at=at).filter(expires_at__lte=now + within, replaced_at=None, client__disabled_at=None)


class ApiKey(models.Model):
    """A secret that a client presents. Only its hash is kept; the prefix names it to people (P5)."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=8, unique=True)
    key_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"))
    replaced_at = models.DateTimeField(null=True)  # by a newer key, which is why this one expires sooner
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)  # to the minute
    last_network_hash = models.CharField(max_length=64, blank=True)
    form_id = models.UUIDField(null=True, unique=True)  # of the page that created it: a reload creates no second key

    is_live: bool  # annotated by ApiKeyQuerySet.with_is_live()

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["expires_at"], name="api_key_not_revoked", condition=Q(revoked_at=None))]

    def __str__(self) -> str:
        return f"smtp_{self.client.environment}_{self.prefix}_…"


class ApiToken(models.Model):
    """An OAuth access token: what one key may do, for an hour (P7). It ends with its key and its client."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="api_token_age")]

    def __str__(self) -> str:
        return f"token of {self.key.prefix}"
