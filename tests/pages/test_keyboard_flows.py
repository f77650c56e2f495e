"""Every other flow by keyboard alone and without JavaScript: each test proves both (A1)."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from agreements.models import Agreement, EventKind
from agreements.states import Status
from companies.models import CompanyLink
from lib import link_tokens
from notifications.delivery import with_link
from notifications.models import Email
from tests.factories import (
    AgreementFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    ReportFileFactory,
)
from tests.pages.hands import Hands
from tests.pages.states.account import knows_password
from tests.support.agreement_forms import page_1
from tests.support.agreements import initiate
from tests.support.decisions import wait_as_a_reader
from tests.support.registration import PASSWORD, confirmation_link
from tests.support.usage import every_day, store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Sit = Callable[..., Hands]


@pytest.fixture
def sit(new_context: Callable[..., BrowserContext], live_server: Any) -> Sit:
    """`sit(path, user)`: somebody without mouse and scripts in front of the page at `path`, signed in as `user`."""
    context = new_context(java_script_enabled=False, locale="en-US", accept_downloads=True)
    page = context.new_page()

    def down(path: str, user: User | None = None) -> Hands:
        if user:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page.goto(live_server.url + path)
        return Hands(page)

    return down


def sees(hands: Hands, what: str | re.Pattern[str], part: str = "main") -> None:
    """The page says `what` in its `part`."""
    expect(hands.page.locator(part)).to_contain_text(what)


def words_of(hands: Hands, selector: str) -> str:
    """What the first of `selector` says, once it is there."""
    link = hands.page.locator(selector).first
    expect(link).to_be_visible()
    words: str = link.evaluate("one => one.innerText")
    return words


def test_a_stranger_accepts_registers_confirms_and_signs_in(sit: Sit) -> None:
    """A1, C2, C3: from the page after the decision to the agreement in the account."""
    (agreement,) = initiate(MembershipFactory().user)
    hands = sit(reverse("invitation", args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))]))
    wait_as_a_reader()
    hands.press("Accept")
    hands.press("Create an account (we've filled in the form)")
    own = {
        "provider": "Bright Star Energy",
        "email_again": agreement.email,
        "username": "rosa.delgado",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    hands.fill(own, button="Register")
    sit(confirmation_link(agreement.email))
    hands.press("Confirm")
    expect(hands.page.locator("h1")).to_have_text("Your account is ready")
    hands.find(words="Sign in")  # in the header; the page's own knows where to go then
    hands.press("Sign in")
    hands.fill({"login": "rosa.delgado", "password": "wrong"}, button="Sign in")
    expect(hands.page.locator(".errors").first).to_be_visible()
    hands.fill({"login": "rosa.delgado", "password": PASSWORD}, button="Sign in")
    sees(hands, agreement.number)
    assert hands.stops > 20


def test_a_customer_reads_in_spanish_opens_a_request_and_rejects_it(sit: Sit) -> None:
    """A1, C4, C6."""
    claim = EsiidClaimFactory()
    agreement = AgreementFactory(customer=claim.customer, premise=claim.premise)
    hands = sit(reverse("customer_agreements"), claim.customer.user)
    hands.press("Español")
    expect(hands.page.locator("html")).to_have_attribute("lang", "es")
    hands.press("English")
    hands.press(f"{agreement.third_party_name} {agreement.number}")
    for _both in range(2):
        hands.find(words="Decide later")
    hands.press("Reject", key="Shift+Tab")
    sees(hands, "You rejected")
    agreement.refresh_from_db()
    assert agreement.status == Status.REJECTED


def test_a_customer_looks_at_usage_and_takes_it_along(sit: Sit) -> None:
    """A1, C5: another view, other days, the file."""
    claim = EsiidClaimFactory()
    MeterFactory(premise=claim.premise)
    store(claim.premise, *every_day(date(2026, 5, 1), date(2026, 6, 20)))
    hands = sit(reverse("meter_usage", args=[claim.pk]), claim.customer.user)
    hands.press("Week")
    expect(hands.page).to_have_url(re.compile("view=week"))
    hands.fill({"view": "day", "day": "05112026"}, button="Show usage")
    sees(hands, "May 11, 2026", "#span-title")
    hands.answer({"first": "05022026", "last": "05032026"})
    lines = Path(hands.fetch("Download").path()).read_text().splitlines()
    assert {line.split(",")[1] for line in lines[1:]} == {"05/02/2026", "05/03/2026"}


def test_a_third_party_searches_narrows_and_sorts_many(sit: Sit) -> None:
    """A1, T1, T3: more than 25 agreements."""
    member = MembershipFactory()
    AgreementFactory.create_batch(25, company=member.company, last_name="Brazos")
    AgreementFactory(company=member.company, last_name="Akin", status=Status.WITHDRAWN)
    AgreementFactory(company=member.company, last_name="Akin", first_name="Zoe", status=Status.WITHDRAWN)
    hands = sit(reverse("agreements"), member.user)
    hands.fill({"by": "name", "items": "akin, nobody"}, button="Search")
    expect(hands.page.locator("#found")).to_have_text("2 agreements found")
    hands.press(words_of(hands, ".tabs a:has-text('Withdrawn')"))
    column = hands.page.locator("th", has_text="Customer")
    hands.press(words_of(hands, "th:has-text('Customer') a"))
    expect(column).to_have_attribute("aria-sort", "ascending")
    hands.press(words_of(hands, "th:has-text('Customer') a"))
    expect(column).to_have_attribute("aria-sort", "descending")
    hands.press("Clear search")
    hands.press(words_of(hands, ".tabs a:has-text('Pending')"))
    expect(hands.page.locator("tbody tr")).to_have_count(25)


def test_a_third_party_resends_withdraws_and_downloads(sit: Sit) -> None:
    """A1, T11, R1."""
    member = MembershipFactory()
    (waiting,) = initiate(member.user)
    file = ReportFileFactory(report__agreement__company=member.company, report__agreement__last_name="Zapata")
    hands = sit(reverse("agreements"), member.user)
    hands.press("Rosa Delgado")
    hands.press("Resend Email")
    sees(hands, waiting.number)
    assert waiting.events.filter(kind=EventKind.RESENT).count() == 1
    hands.press("Withdraw")
    hands.press("Withdraw this agreement")
    sees(hands, "Withdrawn")
    assert Agreement.objects.get(pk=waiting.pk).status == Status.WITHDRAWN
    hands.press("Customer Agreements")
    hands.press("Rosa Zapata")
    words = words_of(hands, "main a:has-text('Download report')")
    assert Path(hands.fetch(words).path()).read_bytes() == gzip.decompress(file.gzipped)


def test_a_third_party_changes_page_1_and_signs_in_again_without_losing_a_word(sit: Sit) -> None:
    """T8, T10."""
    user = MembershipFactory().user
    hands = sit(reverse("agreement_new"), user)
    hands.fill({name: answer for name, answer in page_1(MeterFactory()).items() if not name.endswith("_FORMS")})
    hands.answer({"comments": "Call me before noon."})
    hands.press("Change customer information", key="Shift+Tab")
    hands.fill({"city": "Houston"})
    page = hands.page
    expect(page.locator("main")).to_contain_text("206 Boxwood Drive, Houston")
    expect(page.locator("#id_comments")).to_have_value("Call me before noon.")

    Session.objects.all().delete()
    hands.fill({"comments": "Call me after noon."}, button="Submit")
    expect(page.locator("main")).to_contain_text("You're no longer signed in, so we haven't sent your form.")
    assert "noon" not in page.content()
    back_at_it = sit(parse_qs(urlsplit(page.url).query)["next"][0], user)
    expect(page.locator("#id_comments")).to_have_value("Call me after noon.")
    back_at_it.fill({"attested": "on"}, button="Submit")
    expect(page).to_have_url(re.compile("/submitted/"))
    assert Agreement.objects.get().comments == "Call me after noon."


def test_an_administrator_invites_a_user_and_changes_permissions(sit: Sit) -> None:
    """A1, T12, T13."""
    administrator = MembershipFactory(is_administrator=True)
    other = MembershipFactory(company=administrator.company, user__first_name="Ben", user__last_name="Ortiz")
    hands = sit(reverse("company_users"), administrator.user)
    hands.press("Invite a user")
    hands.fill({"email": "ben@green-energy.example", "permissions=may_initiate": "on"}, button="Send the invitation")
    sees(hands, "ben@green-energy.example")
    assert CompanyLink.objects.get().email == "ben@green-energy.example"
    hands.press("Permissions Ben Ortiz")
    before = other.permissions
    hands.fill({"permissions=may_download": "on", "permissions=may_resend_or_withdraw": "on"}, button="Save")
    sees(hands, "Ben Ortiz")
    after = type(other).objects.get(pk=other.pk).permissions
    assert before ^ after == {"may_download", "may_resend_or_withdraw"}


def test_without_scripts_nothing_offers_a_passkey(sit: Sit, page: Page, live_server: Any) -> None:
    """T10: the button would do nothing."""
    expect(sit(reverse("account_login")).page.locator("#passkey_login")).to_be_hidden()
    page.goto(live_server.url + reverse("account_login"))
    expect(page.locator("#passkey_login")).to_be_visible()


def test_a_lost_password_is_replaced(sit: Sit) -> None:
    """A1: from the page to sign in, over the email, to being signed in."""
    user, new = CustomerFactory(user__username="rosa").user, "another porch, another swing"
    knows_password(user)
    hands = sit(reverse("account_login"))
    hands.press(words_of(hands, "main a:has-text('assword')"))
    hands.fill({"email": user.email}, button="Send the link")
    expect(hands.page).to_have_url(re.compile(reverse("account_reset_password_done")))
    email = Email.objects.get(kind="PASSWORD_RESET")
    sit("/" + next(word for word in with_link(email, email.text).split() if "/key/" in word).split("/", 3)[3])
    hands.fill({"password1": new, "password2": new}, button="Change password")
    expect(hands.page).to_have_url(re.compile(reverse("account_reset_password_from_key_done")))
    sit(reverse("account_login"))
    hands.fill({"login": "rosa", "password": new}, button="Sign in")
    sees(hands, "Home", "h1")
