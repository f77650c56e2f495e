"""Questions about a company's users and about those on their way to become one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now

if TYPE_CHECKING:
    from accounts.models import Admission, Membership  # noqa: F401 - named in the base classes below, as strings


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self) -> MembershipQuerySet:
        """Of people who may log in and act for their company now."""
        return self.filter(approved_at__isnull=False, ended_at=None, user__is_active=True)

    def administrators(self) -> MembershipQuerySet:
        return self.current().filter(is_administrator=True)


class AdmissionQuerySet(models.QuerySet["Admission"]):
    def unfinished(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Those that still wait for somebody."""
        return self.filter(ended_at=None, expires_at__gt=at or Now())

    def invited(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Invitations that were not taken, also those whose time `is_late`: an administrator may send them again."""
        late = models.ExpressionWrapper(models.Q(expires_at__lt=at or Now()), output_field=models.BooleanField())
        return self.filter(kind="invitation", ended_at=None).annotate(is_late=late)

    def awaiting_approval(self, *, at: datetime | None = None) -> AdmissionQuerySet:
        """Requests to join that wait for the company's administrators; the address is confirmed."""
        return self.unfinished(at=at).filter(kind="request", confirmed_at__isnull=False)

    def over_since(self, moment: datetime | Any) -> AdmissionQuerySet:
        """Those that ended, or ran out of time, before `moment`."""
        return self.filter(models.Q(ended_at__lt=moment) | models.Q(expires_at__lt=moment))
