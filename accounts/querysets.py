"""Questions about a company's users, about those on their way to become one, and about what a customer holds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat, Now

from notifications.models import Email

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    # Named in the base classes below, as strings.
    from accounts.models import Admission, Holding, Membership, User  # noqa: F401


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> MembershipQuerySet:
        """Of people who may log in and act for their company now."""
        return self.filter(approved_at__isnull=False, ended_at=None, user__is_active=True)

    def administrators(self) -> MembershipQuerySet:
        return self.current().filter(is_administrator=True)


class HoldingQuerySet(models.QuerySet["Holding"]):
    def visible_to(self, user: User | AnonymousUser) -> HoldingQuerySet:
        """The customer's own, as long as they last: the one door to usage (C5). Nobody else's eyes come this way."""
        return self.filter(customer__user=user.pk, until=None) if user.is_authenticated else self.none()

    def with_former_end(self) -> HoldingQuerySet:
        """Each with `former_end`: when the hold of the last other customer of the premise ended, or None (R2)."""
        others = self.model.objects.filter(premise=models.OuterRef("premise"), until__lte=Now())
        ended = others.exclude(customer=models.OuterRef("customer")).order_by("-until").values("until")
        return self.annotate(former_end=models.Subquery(ended[:1]))


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def unfinished(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Those that still wait for somebody."""
        return self.filter(ended_at=None, expires_at__gt=at or Now())

    def invited(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Invitations that were not taken, also those whose time `is_late`: an administrator may send them again."""
        late = models.ExpressionWrapper(models.Q(expires_at__lt=at or Now()), output_field=models.BooleanField())
        return self.filter(kind="invitation", ended_at=None).annotate(is_late=late)

    def with_delivery(self) -> AdmissionQuerySet:
        """Each with `not_delivered`: the last email with its link came back, and nobody tries again."""
        text = models.CharField()
        key = Concat(Value("USER_INVITED:"), Cast(OuterRef("pk"), text), Value(":"), Cast(OuterRef("sent"), text))
        return self.annotate(not_delivered=Exists(Email.objects.failed().filter(key=key)))

    def awaiting_approval(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Requests to join that wait for the company's administrators; the address is confirmed."""
        return self.unfinished(at=at).filter(kind="request", confirmed_at__isnull=False)

    def over_since(self, moment: datetime | Any) -> AdmissionQuerySet:
        """Those that ended, or ran out of time, before `moment`."""
        return self.filter(models.Q(ended_at__lt=moment) | models.Q(expires_at__lt=moment))
