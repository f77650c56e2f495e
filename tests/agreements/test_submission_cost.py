"""A form of twenty meters costs as many queries to submit as one of ten (T4, R6)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements import creation
from agreements.models import ConsentSignal
from agreements.request import Person
from tests.factories import CustomerFactory, EsiidClaimFactory, MembershipFactory, MeterFactory
from tests.support.agreements import ROSA, agreement_request, submit_draft

pytestmark = pytest.mark.django_db


def queries_to_submit(count: int, *, registered: bool) -> int:
    """Submit a form of `count` meters to one customer and return the number of queries."""
    member, customer = MembershipFactory().user, CustomerFactory()
    meters = [MeterFactory() for _number in range(count)]
    if registered:
        for meter in meters:
            EsiidClaimFactory(customer=customer, premise=meter.premise)
    person = Person(email=customer.user.email) if registered else ROSA
    draft = creation.start_draft(agreement_request(*meters, registered=registered, person=person), by=member)
    with CaptureQueriesContext(connection) as queries:
        assert len(submit_draft(draft, by=member)) == count
    return len(queries)


@pytest.mark.parametrize("registered", [False, True])
def test_twenty_meters_cost_as_many_queries_as_ten(registered):
    """T4, X1: also with signals against the consent, which forms of many homes have."""
    of_ten = queries_to_submit(10, registered=registered)
    assert ConsentSignal.objects.exists()
    assert queries_to_submit(20, registered=registered) <= of_ten
