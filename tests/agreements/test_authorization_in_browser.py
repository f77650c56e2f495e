"""The letter in Chromium: on paper (P2.3)."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from agreements import actions
from agreements.request import Person
from agreements.states import Channel
from lib import link_tokens
from tests.factories import MembershipFactory
from tests.support.agreements import initiate, registered_customer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def accepted():
    """An accepted agreement with long names and everything that may stand in a letter."""
    member = MembershipFactory(
        company__legal_name="The Very Long Named Renewable Energy Services Company of the Lower Rio Grande Valley, LLC",
        company__privacy_policy_url="https://green-energy.example/" + "privacy-policy-of-the-company/" * 3,
    ).user
    claim, meter = registered_customer()
    person = Person(email=claim.customer.user.email)
    (agreement,) = initiate(member, meter, registered=True, person=person)
    actions.accept(agreement, channel=Channel.INVITATION)
    return agreement


def cookie(user, live_server) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


def letters(agreement) -> list[tuple[object, str]]:
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    return [
        (None, reverse("invitation_authorization", args=[token])),
        (agreement.customer.user, reverse("customer_authorization", args=[agreement.number])),
        (agreement.submission.initiated_by, reverse("agreement_authorization", args=[agreement.number])),
    ]


def test_the_letter_prints_on_one_or_two_sheets(context, page, live_server, accepted):
    """P2.3: US Letter, for each of its readers; what is for the screen stays off the paper."""
    for reader, address in letters(accepted):
        context.clear_cookies()
        if reader:
            context.add_cookies([cookie(reader, live_server)])
        page.goto(live_server.url + address)
        page.emulate_media(media="print")
        sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="Letter")))
        assert 1 <= sheets <= 2, address
        expect(page.locator(".letter h1")).to_be_visible()
        for hidden in (".actions", ".letter__page", "footer"):
            expect(page.locator(hidden).first).to_be_hidden()
        page.emulate_media(media="screen")
