"""The letter, Home, Notices and Help in Chromium: on paper, without axe violations, at 320 px (P2.3, A1)."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse

from agreements import deciding
from agreements.question import Person
from agreements.states import Channel
from notifications import sealed
from tests.agreements.asking import ask, registered_customer
from tests.factories import MembershipFactory, NoticeFactory, OperatorFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def accepted():
    """An accepted agreement with long names and everything that may stand in a letter; and one that still waits."""
    member = MembershipFactory(
        company__legal_name="The Very Long Named Renewable Energy Services Company of the Lower Rio Grande Valley, LLC",
        company__privacy_policy_url="https://green-energy.example/" + "privacy-policy-of-the-company/" * 3,
    ).user
    holding, meter = registered_customer()
    person = Person(email=holding.customer.user.email)
    (agreement,) = ask(member, meter, registered=True, person=person)
    deciding.accept(agreement, channel=Channel.INVITATION)
    ask(member, meter, registered=True, person=person, report_type="daily")
    NoticeFactory(tdsp=holding.premise.tdsp, title_es="Mantenimiento", text_es="El domingo.")
    return agreement


def cookie(user, live_server) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}


def letters(agreement) -> list[tuple[object, str]]:
    token = sealed.token_of(bytes(agreement.link_nonce))
    return [
        (None, reverse("invitation_authorization", args=[token])),
        (agreement.customer.user, reverse("customer_authorization", args=[agreement.number])),
        (agreement.initiated_by, reverse("agreement_authorization", args=[agreement.number])),
    ]


def test_the_letter_prints_on_one_or_two_sheets(context, page, live_server, accepted):
    """P2.3: US Letter, for each of its readers; what is for the screen stays off the paper."""
    for reader, address in letters(accepted):
        context.clear_cookies()
        if reader:
            context.add_cookies([cookie(reader, live_server)])
        page.goto(live_server.url + address)
        sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="Letter")))
        assert 1 <= sheets <= 2, address
        page.emulate_media(media="print")
        for hidden in (".actions", ".letter-shown", ".site-footer"):
            assert not page.locator(hidden).first.is_visible(), hidden
        assert page.locator(".letter h1").is_visible()
        page.emulate_media(media="screen")


def test_the_new_pages_have_no_violation_and_fit_a_phone(context, page, live_server, accepted):
    """A1: light and dark, 320 and 1280 px, each role."""
    token = sealed.token_of(bytes(accepted.link_nonce))
    notice = reverse("notice", args=[NoticeFactory().pk])
    shared = [reverse(name) for name in ("home", "notices")] + [notice]
    public = [reverse(name) for name in ("home", "help", "help_faq", "help_security", "help_meter", "help_glossary")]
    number = [accepted.number]
    visits = [
        (None, [*public, reverse("help_account"), reverse("invitation", args=[token]), letters(accepted)[0][1]]),
        (
            accepted.customer.user,
            [
                *shared,
                reverse("customer_agreements"),
                reverse("customer_agreement", args=number),
                letters(accepted)[1][1],
            ],
        ),
        (accepted.initiated_by, [*shared, reverse("agreement", args=number), letters(accepted)[2][1]]),
        (OperatorFactory(), shared),
    ]
    waiting = accepted.customer.agreements.get(status="pending")
    visits[1][1].append(reverse("customer_agreement", args=[waiting.number]))
    for user, addresses in visits:
        context.clear_cookies()
        if user:
            context.add_cookies([cookie(user, live_server)])
        for width, scheme in ((320, "light"), (1280, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            for address in addresses:
                page.goto(live_server.url + address)
                for details in page.locator("details").all():
                    details.evaluate("element => element.open = true")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
                found = Axe().run(page)
                assert found.violations_count == 0, (address, width, found.generate_report())
