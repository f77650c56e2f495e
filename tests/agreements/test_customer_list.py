"""The customer's list of requests (C4)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.states import Status
from tests.factories import AgreementFactory, EsiidClaimFactory

pytestmark = pytest.mark.django_db

AN_ANSWER_BY = re.compile(r'data-label="Answer by"[^>]*>([^<]*)<')


@pytest.mark.parametrize(
    ("status", "days_ago", "has_date"),
    [
        (Status.PENDING, 1, True),
        (Status.PENDING, 31, False),  # the sweep has not come yet
        (Status.COMPLETE, 1, False),
        (Status.REJECTED, 1, False),
        (Status.NOT_ACCEPTED, 31, False),
        (Status.WITHDRAWN, 1, False),
    ],
)
def test_only_an_open_request_has_a_date_to_answer_by(client: Client, status: Status, days_ago: int, has_date: bool):
    """C4"""
    claim = EsiidClaimFactory()
    begun_at = timezone.now() - timedelta(days=days_ago)
    AgreementFactory(premise=claim.premise, customer=claim.customer, status=status, initiated_at=begun_at)
    client.force_login(claim.customer.user)
    (cell,) = AN_ANSWER_BY.findall(client.get(reverse("customer_agreements")).content.decode())
    assert bool(re.search(r"20[0-9][0-9]", cell)) is has_date
