"""Notices and who read them."""

from __future__ import annotations

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from notices.models import Notice, NoticeRead
from tests.factories.accounts import UserFactory


class NoticeFactory(DjangoModelFactory):
    """The operators', to everybody, for good; pass `tdsp`, `audience`, `title_es` and `text_es`."""

    class Meta:
        model = Notice

    title = factory.Sequence(lambda n: f"Maintenance on Sunday {n}")
    text = "The portal is closed on Sunday from 2 to 4 in the morning."
    published_from = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))


class NoticeReadFactory(DjangoModelFactory):
    class Meta:
        model = NoticeRead

    notice = factory.SubFactory(NoticeFactory)
    user = factory.SubFactory(UserFactory)
