"""Users, rate limit hits and the access log."""

from __future__ import annotations

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import AccessLogEntry, RateLimitHit, User
from lib.scoped_admin import AccessAction
from tests.factories.meters import TdspFactory


class UserFactory(DjangoModelFactory):
    """Logs in by `client.force_login`; the password is unusable."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = "James"
    last_name = "Wilson"
    phone = "+15125550100"
    password = "!"


class OperatorFactory(UserFactory):
    is_staff = True
    is_superuser = True


class RateLimitHitFactory(DjangoModelFactory):
    class Meta:
        model = RateLimitHit

    subject_hash = "0" * 64
    at = factory.LazyFunction(timezone.now)


class AccessLogEntryFactory(DjangoModelFactory):
    """Somebody of a TDSP's staff opened a premise."""

    class Meta:
        model = AccessLogEntry

    tdsp = factory.SubFactory(TdspFactory)
    user = factory.SubFactory(UserFactory, is_staff=True, tdsp=factory.SelfAttribute("..tdsp"))
    action = AccessAction.VIEW
    model = "meters.premise"
    object_id = "1"
