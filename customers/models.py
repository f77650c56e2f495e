"""Registered customers, the ESIIDs that they hold, and registrations (C3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Role, User
from meters.models import Premise

# What customers change about themselves.
USER_FIELDS = ("first_name", "last_name", "phone", "phone_extension", "language")
CUSTOMER_FIELDS = ("middle_initial", "suffix", "title", "company_name")


class CustomerKind(models.TextChoices):
    RESIDENTIAL = "residential", _("Residential")
    BUSINESS = "business", _("Business")


class Customer(models.Model):
    """A registered customer. Name, email and phone are in the user, service addresses in the premises."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="customer")
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind.choices)
    middle_initial = models.CharField(_("middle initial"), max_length=1, blank=True)
    suffix = models.CharField(_("suffix"), max_length=10, blank=True)
    title = models.CharField(_("title"), max_length=20, blank=True)
    company_name = models.CharField(_("company name"), max_length=120, blank=True)
    premises = models.ManyToManyField(Premise, through="EsiidClaim", related_name="customers")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=CustomerKind.BUSINESS) | models.Q(company_name=""),
                name="company_name_only_for_business",
                violation_error_message=_("Enter a company name only for a business customer."),
            ),
            models.CheckConstraint(condition=models.Q(kind__in=CustomerKind.values), name="customer_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.company_name or self.user.get_full_name()

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self.user.assign_role(Role.CUSTOMER)

    @transaction.atomic
    def change_profile(self, values: Mapping[str, Any]) -> None:
        """Change the fields that `values` has. Existing agreements keep what they said when they were initiated."""
        for record, names in ((self.user, USER_FIELDS), (self, CUSTOMER_FIELDS)):
            changed = [name for name in names if name in values]
            for name in changed:
                setattr(record, name, values[name])
            record.save(update_fields=changed)


class EsiidClaimQuerySet(models.QuerySet["EsiidClaim"]):
    def visible_to(self, user: User | AnonymousUser) -> EsiidClaimQuerySet:
        """Return the user's own current claims: the only way to usage (C5)."""
        return self.filter(customer__user=user.pk, until=None) if user.is_authenticated else self.none()

    def with_former_end(self) -> EsiidClaimQuerySet:
        """Each with `former_end`: when the hold of the last other customer of the premise ended, or None (R2)."""
        others = self.model.objects.filter(premise=models.OuterRef("premise"), until__lte=Now())
        ended = others.exclude(customer=models.OuterRef("customer")).order_by("-until").values("until")
        return self.annotate(former_end=models.Subquery(ended[:1]))


class EsiidClaim(models.Model):
    """A customer holds a premise's ESIID from `since` until `until` (null: still). One holder at a time."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="claims")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="claims")
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)

    former_end: datetime | None  # of EsiidClaimQuerySet.with_former_end()

    objects = EsiidClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["premise"],
                condition=models.Q(until=None),
                name="premise_has_one_claim",
                violation_error_message=_("This ESIID belongs to another account."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} holds {self.premise}"


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def expired(self, *, at: datetime | None = None) -> RegistrationQuerySet:
        return self.filter(asked_at__lt=(at or Now()) - settings.REGISTRATION_PERIOD)


class Registration(models.Model):
    """A registration that waits to be confirmed by email (C3). No user exists before it is confirmed.

    `reference` is the hash of the decision link that the customer came from, or empty. The token of the confirmation
    link is derived from `link_nonce`; only its hash can be looked up.
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
    reference = models.CharField(max_length=64, blank=True)
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="registration_age")]

    def __str__(self) -> str:
        return f"Registration {self.pk}"


def customer_of(user: User | AnonymousUser) -> Customer | None:
    """Return the registered customer that `user` is, or None."""
    return getattr(user, "customer", None) if user.is_authenticated else None
