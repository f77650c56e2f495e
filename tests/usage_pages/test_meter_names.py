"""Names that customers give their meters (C5)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from customers.models import EsiidClaim
from tests.factories import AgreementFactory, ClaimDisputeFactory, EsiidClaimFactory, MembershipFactory, OperatorFactory
from tests.support.usage_page import page_text

pytestmark = pytest.mark.django_db


def give_name(client, claim, name: str):
    client.force_login(claim.customer.user)
    return client.post(reverse("meter_name", args=[claim.pk]), {"name": name}, follow=True)


def test_the_name_is_on_the_pages_of_the_customer(client, claim):
    """C5: home, My Smart Meters, Usage with its links to other meters, and the list of requests."""
    EsiidClaimFactory(customer=claim.customer)
    AgreementFactory(premise=claim.premise, customer=claim.customer)
    saved = page_text(give_name(client, claim, "  Grandma's barn "))
    assert "Name saved." in saved and "Grandma's barn · " in saved
    for name in ("home", "usage", "my_meters", "customer_agreements"):
        assert "Grandma's barn" in page_text(client.get(reverse(name))), name
    assert "Grandma's barn" in page_text(client.get(reverse("meter_usage", args=[claim.pk])))


def test_no_one_else_sees_the_name(client, claim):
    """C5, T6: not another customer at the list of requests, the company, the operator."""
    member = MembershipFactory().user
    agreement = AgreementFactory(premise=claim.premise, customer=claim.customer, company=member.membership.company)
    give_name(client, claim, "Ranchito Azul")
    EsiidClaim.objects.filter(pk=claim.pk).update(until=claim.since)
    later = EsiidClaimFactory(premise=claim.premise)
    readers = [
        (later.customer.user, reverse("my_meters")),
        (claim.customer.user, reverse("customer_agreements")),  # the claim has ended
        (member, reverse("agreement", args=[agreement.number])),
        (member, reverse("agreements")),
        (OperatorFactory(), reverse("admin:customers_esiidclaim_change", args=[claim.pk])),
    ]
    for user, address in readers:
        client.force_login(user)
        answer = client.get(address)
        assert answer.status_code == 200 and "Ranchito" not in answer.content.decode(), address


def test_another_customer_cannot_name_the_meter(client, claim):
    """C5."""
    other = EsiidClaimFactory()
    client.force_login(other.customer.user)
    assert client.post(reverse("meter_name", args=[claim.pk]), {"name": "Mine"}).status_code == 404
    claim.refresh_from_db()
    assert claim.meter_name == ""


def test_an_empty_name_removes_it(client, claim):
    """C5."""
    give_name(client, claim, "Barn")
    assert "Name removed." in page_text(give_name(client, claim, " "))
    claim.refresh_from_db()
    assert claim.meter_name == ""


@pytest.mark.parametrize(("name", "message"), [
    ("x" * 31, "Enter 30 characters or fewer in “Name”. You entered 31."),
    ("Ba\u202ern", "Remove the invisible character from “Name”."),
])  # fmt: skip
def test_a_name_that_is_too_long_or_has_invisible_characters_is_refused(client, claim, name, message):
    """C5, E3, A2."""
    text = page_text(give_name(client, claim, name))
    assert text.count(message) == 2
    claim.refresh_from_db()
    assert claim.meter_name == ""


def test_markup_in_a_name_is_text(client, claim):
    """E3."""
    page = give_name(client, claim, "<b>Home</b>").content.decode()
    assert "&lt;b&gt;Home" in page and "<b>Home" not in page


def test_a_meter_that_the_customer_may_not_see_yet_can_have_a_name(client, claim):
    """C5, X7: which shows neither address nor complete ESIID."""
    ClaimDisputeFactory(claim=claim)
    text = page_text(give_name(client, claim, "Barn"))
    assert "Barn · ESIID" in text and claim.premise.address not in text and claim.premise.esiid not in text
