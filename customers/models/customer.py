"""Registered customers (C3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

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


def customer_of(user: User | AnonymousUser) -> Customer | None:
    """Return the registered customer that `user` is, or None."""
    return getattr(user, "customer", None) if user.is_authenticated else None
