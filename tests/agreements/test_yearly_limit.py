"""Which of the three agreements of a year a request will be, and when the next one is possible (L5)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import EmailState, FailureReason
from scripts.messages import APPS, ROOT
from tests.factories import AgreementFactory, EmailFactory, MembershipFactory, MeterFactory
from tests.support.agreement_forms import page_1
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db
NEW = "/agreements/new/"


def make(member, meter, *, days_ago: int, length: str):
    at = timezone.now() - timedelta(days=days_ago)
    return AgreementFactory(
        company=member.company, premise=meter.premise, report_length=length, initiated_at=at, status="withdrawn"
    )


def page_2_text(client, *meters) -> str:
    return page_text(client.get(client.post(NEW, page_1(*meters))["Location"]))


def test_page_2_says_which_of_the_three_each_meter_will_be(client, member):
    """L5: another company's agreements and those of an earlier year do not count."""
    fresh, used = MeterFactory(), MeterFactory()
    earlier = make(member, used, days_ago=40, length="1m")
    make(member, used, days_ago=400, length="6m")
    make(MembershipFactory(), used, days_ago=10, length="6m")
    words = page_2_text(client, fresh, used)
    ends = timezone.localtime(earlier.initiated_at) + timedelta(days=365)
    second = f"This will be agreement 2 of 3 for the ESIID that ends in {used.premise.esiid[-7:]}"
    assert f"This will be agreement 1 of 3 for the ESIID that ends in {fresh.premise.esiid[-7:]}" in words
    assert f"{second} until {ends:%B} {ends.day}, {ends.year}." in words
    assert "You can create another one after" not in words


def test_before_the_last_one_page_2_says_when_the_next_is_possible(client, member):
    """L5."""
    meter = MeterFactory()
    oldest = make(member, meter, days_ago=300, length="1m")
    make(member, meter, days_ago=40, length="6m")
    words = page_2_text(client, meter)
    free = timezone.localtime(oldest.initiated_at) + timedelta(days=365)
    assert "This will be agreement 3 of 3" in words and f"another one after {free:%B} {free.day}, {free.year}" in words


def test_one_that_nobody_received_is_not_counted_on_page_2(client, member):
    """L5, E7."""
    meter = MeterFactory()
    lost = make(member, meter, days_ago=3, length="6m")
    refused = {"state": EmailState.BOUNCED, "failure": FailureReason.REFUSED, "failed_at": timezone.now()}
    EmailFactory(key=f"EM201:{lost.number}:customer", about=[lost.number], **refused)
    assert "This will be agreement 1 of 3" in page_2_text(client, meter)


def test_where_a_colleague_was_quicker_page_2_says_that_none_is_left(client, member):
    """L5: the page is read again after the draft was made."""
    meter = MeterFactory()
    review = client.post(NEW, page_1(meter))["Location"]
    for days, length in ((3, "1d"), (2, "1m"), (1, "6m")):
        make(member, meter, days_ago=days, length=length)
    words = page_text(client.get(review))
    assert "Your company has created all 3 agreements for this ESIID" in words and "4 of 3" not in words


def test_no_sentence_advises_an_agreement_that_the_limit_may_refuse():
    """L5: who reads to create a new agreement reads of the limit; customers are not told that one can be sent."""
    paths = [path for app in APPS for path in (ROOT / app).rglob("*") if path.suffix in {".py", ".html", ".txt"}]
    texts = [re.sub(r"\s+", " ", path.read_text()) for path in paths]
    advice = [each for text in texts for each in re.findall(r"\bcreate a new (?:agreement|one)\b[^.<{]*\.", text)]
    assert len(advice) >= 10
    assert not [each for each in advice if not each.endswith("when the limit for its ESIID allows it.")]
    assert not [text for text in texts if re.search(r"\b(?:can|it to) send you a new\b", text)]
