"""A stranger who knows an ESIID and its meter number tries every way to the readings before the claim (X7, X1, C4).

With and without an invitation, with the right, a wrong and no provider on record, with a dispute and without. The
stranger reads all pages, types spans by hand and downloads every type of file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, ReportType, Review
from agreements.request import Person
from agreements.states import Channel, ReportState, Status
from customers.disputes import dispute_by_link
from customers.models import EsiidClaim
from lib import link_tokens
from lib.central_time import central_day
from meters.models import Meter
from tests.factories import AgreementFactory, CompanyFactory, ConsentReviewFactory, MembershipFactory
from tests.support.agreements import initiate
from tests.support.claims import LONG_AGO, TODAY, claim_by_form, current, make_old, metered, pages_of
from tests.support.decisions import decision_form
from tests.support.registration import confirmation_link, log_in, register, typed

pytestmark = pytest.mark.django_db

PROVIDERS = {"right": "Bright Star Energy", "wrong": "Pecan Power", "unknown": "Anything"}


@pytest.fixture
def meter() -> Meter:
    return metered()


def invitation_to_stranger(meter: Meter, **fields: Any) -> Agreement:
    """A request of a stranger's company, sent to the stranger's address."""
    person = Person("rosa@example.net", "Rosa", "", "Delgado", street="1 Main", city="Austin", state="TX",
                    zip_code="78701")  # fmt: skip
    (agreement,) = initiate(MembershipFactory(company=CompanyFactory()).user, meter, person=person)
    if review := fields.get("review"):
        fields["consent_review"] = ConsentReviewFactory(submission=agreement.submission, state=review)
    Agreement.objects.filter(pk=agreement.pk).update(**fields)
    return agreement


def link_of(agreement: Agreement, name: str) -> str:
    return reverse(name, args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])


def readings(client: Client, claim: EsiidClaim) -> list[str]:
    """Every day before the claim that a page or a file of any type gives away."""
    last = claim.since.date()
    days = [LONG_AGO + timedelta(days=number) for number in range((last - LONG_AGO).days)]
    given = []
    for report_type, (first, last_day) in product(ReportType, [(LONG_AGO, TODAY), (LONG_AGO, days[0]), (TODAY, TODAY)]):
        query = {"type": report_type, "first": str(first), "last": str(last_day)}
        answer = client.get(reverse("usage_download", args=[claim.pk]), query)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        is_file = answer.status_code == 200 and "csv" in answer.headers["Content-Type"]
        given += [f"{report_type} {first}"] if is_file and len(text) > 300 else []
    page = reverse("meter_usage", args=[claim.pk])
    for view, day in product(("day", "week", "month", "year"), (*days[:3], days[-1], TODAY)):
        html = client.get(page, {"view": view, "day": str(day)}).content.decode()
        given += [f"{view} {day}"] if re.search(r"</data> kWh|<rect class=\"bar", html) else []
    return given


@pytest.mark.slow
@pytest.mark.parametrize("is_disputed", [False, True], ids=["undisputed", "disputed"])
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("is_invited", [False, True], ids=["unasked", "invited"])
def test_a_stranger_reads_nothing_from_before_the_claim(client, meter, is_invited, provider, is_disputed):
    if provider == "unknown":
        meter.premise.provider_number = ""
        meter.premise.save()
    if is_invited:
        form = link_of(invitation_to_stranger(meter), "invitation_register")
        answer = client.post(form, typed(None, provider=PROVIDERS[provider]))
    else:
        answer = register(client, meter, provider=PROVIDERS[provider])
    if provider == "wrong":
        assert answer.status_code == 200 and not EsiidClaim.objects.exists()
        return
    client.post(confirmation_link())
    log_in(client, "rosa.delgado")
    claim = current(meter)
    make_old(claim, hours=71)
    if is_disputed:
        dispute_by_link(claim)
        make_old(claim, days=30)  # time does not end a dispute
    claim = current(meter)
    if is_disputed:
        assert readings(client, claim) == []
        assert "Secret" not in pages_of(client, claim)
    else:
        assert claim.visible_from and claim.visible_from > central_day(claim.since)
        make_old(claim, hours=0)
        assert readings(client, current(meter)) == []


@pytest.mark.slow
@pytest.mark.control
def test_control_a_confirmed_customer_reads_them(client, meter):
    claim = claim_by_form(client, meter)
    make_old(claim, hours=73)
    assert readings(client, current(meter))


PERIOD = {"period_first_day": LONG_AGO, "period_last_day": LONG_AGO, "granted_type": "daily", "granted_length": "1d"}
DUE = PERIOD | {"report_state": ReportState.DUE}
ENDED = {
    "held": {"status": Status.COMPLETE, "review": Review.HELD, "ended_at": timezone.now(), **DUE},
    "refused": {"status": Status.COMPLETE, "review": Review.REFUSED, "ended_at": timezone.now(), **PERIOD},
    "not reviewed": {"status": Status.COMPLETE, "review": Review.UNREVIEWED, "ended_at": timezone.now(), **PERIOD},
    "rejected": {"status": Status.REJECTED, "ended_at": timezone.now()},
    "withdrawn": {"status": Status.WITHDRAWN, "ended_at": timezone.now()},
    "not accepted": {"status": Status.NOT_ACCEPTED, "ended_at": timezone.now()},
    "overdue": {"expires_at": timezone.now() - timedelta(seconds=1)},
    "accepted 300 days ago": {
        "status": Status.COMPLETE,
        "ended_at": timezone.now() - timedelta(days=300),
        "expires_at": timezone.now() - timedelta(days=299),
        **DUE,
    },
}


@pytest.mark.parametrize("what", ENDED)
def test_the_link_of_an_ended_or_doubtful_request_fills_in_no_registration(client, meter, what):
    """X7: neither shows what it knows nor claims the ESIID without its number."""
    agreement = invitation_to_stranger(meter, **ENDED[what])
    form = link_of(agreement, "invitation_register")
    for answer in (client.get(form), client.post(form, typed(None))):
        assert answer.status_code == 302 and answer.headers["Location"] == link_of(agreement, "invitation")
    outcome = client.get(link_of(agreement, "invitation")).content.decode()
    assert f'href="{form}"' not in outcome
    assert reverse("register") in outcome


@pytest.mark.parametrize("is_accepted", [False, True], ids=["pending", "accepted"])
def test_the_link_of_a_request_in_its_period_fills_it_in(client, meter, is_accepted):
    agreement = invitation_to_stranger(meter)
    if is_accepted:
        actions.accept(agreement, channel=Channel.INVITATION)
        agreement.refresh_from_db()
        assert agreement.review == Review.NONE
    html = client.get(link_of(agreement, "invitation_register")).content.decode()
    assert 'value="rosa@example.net"' in html


@pytest.mark.slow
def test_a_forger_who_registers_for_a_held_consent_sees_nothing(client, meter):
    """X7, X1: with the company's own domain; neither by the link nor by the numbers."""
    member = MembershipFactory(user__email="eve@bluebonnet-home.example").user
    (agreement,) = initiate(member, meter, person=Person(
        "rosa@bluebonnet-home.example", "Rosa", "", "Delgado", street="1 Main", city="Austin", state="TX",
        zip_code="78701"))  # fmt: skip
    actions.accept(agreement, channel=Channel.INVITATION)
    agreement.refresh_from_db()
    assert agreement.review == Review.HELD
    assert client.get(link_of(agreement, "invitation_register")).status_code == 302
    address = {"email": "rosa@bluebonnet-home.example", "email_again": "rosa@bluebonnet-home.example"}
    register(client, meter, provider="Bright Star Energy", **address)
    client.post(confirmation_link("rosa@bluebonnet-home.example"))
    log_in(client, "rosa.delgado")
    claim = current(meter)
    make_old(claim, days=90)
    assert {"domain", "consent"} <= set(claim.signals)
    assert readings(client, claim) == []
    text = pages_of(client, claim)
    assert "Secret" not in text and meter.premise.esiid not in text


def test_an_unconfirmed_claim_opens_no_requests_of_others(client, meter):
    """C4: neither listed, nor opened, nor answered by a number that is guessed."""
    other = AgreementFactory(premise=meter.premise, email="resident@example.org")
    claim_by_form(client, meter)
    assert other.number not in client.get(reverse("customer_agreements")).content.decode()
    for name in ("customer_agreement", "customer_authorization", "report_download", "report_manifest"):
        assert client.get(reverse(name, args=[other.number])).status_code == 404
    assert client.post(reverse("customer_agreement", args=[other.number]), decision_form(other)).status_code == 404
    other.refresh_from_db()
    assert other.status == Status.PENDING


def test_another_customers_claim_does_not_exist(client, meter):
    claim = claim_by_form(client, meter)
    stranger = Client()
    register(stranger, metered(name="Pecan Power"), username="eve", email="e@example.org", email_again="e@example.org",
             provider="Pecan Power")  # fmt: skip
    stranger.post(confirmation_link("e@example.org"))
    log_in(stranger, "eve")
    for name in ("meter_usage", "usage_download"):
        assert stranger.get(reverse(name, args=[claim.pk])).status_code == 404
