"""The page behind the decision link, as a customer, a mail scanner and a forger meet it (C1, C2, L3, X5)."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from agreements import actions
from agreements.models import Agreement, Letter, Submission
from agreements.request import Person
from agreements.states import Channel, Status
from lib import link_tokens
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.decisions import decision_form, decision_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    return initiate(member)[0]


def end_period(agreement: Agreement) -> None:
    """Let the invitation period have ended a second ago, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE agreements_agreement SET initiated_at = clock_timestamp() - interval '30 days 1 second',"
            " expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [agreement.pk],
        )


def state_of_everything() -> list:
    agreements = list(Agreement.objects.order_by("pk").values())
    return [agreements, Email.objects.count(), Letter.objects.count(), [a["status"] for a in agreements]]


@pytest.mark.slow
def test_a_get_never_decides(client, agreement):
    """C1: a hundred GET and HEAD requests of mail scanners, with whatever they add, change nothing."""
    before = state_of_everything()
    for number in range(50):
        query = {"decision": ["accept", "reject"][number % 2]}
        assert client.get(decision_link(agreement), query).status_code == 200
        assert client.head(decision_link(agreement), query).status_code == 200
    assert state_of_everything() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_no_other_method_does_anything(client, agreement, method):
    before = state_of_everything()
    assert getattr(client, method)(decision_link(agreement)).status_code == 405
    assert state_of_everything() == before


def test_the_page_shows_everything_a_decision_needs(client, agreement):
    """C7."""
    page = client.get(decision_link(agreement)).content.decode()
    for words in (
        agreement.third_party_name,
        agreement.contact_name,
        agreement.contact_email,
        agreement.submission.privacy_policy_url,
        "One report</b>",
        "15-minute</span> intervals",
        "The 3 months up to the latest day on file",
        agreement.meter_number,
        agreement.esiid[-7:],
        "If you don't answer by",
        "have to share it",
        "Your answer is final. You can't undo it.",
        "readings can show when you're home",
        "This company isn't your utility.",
        "Neither this portal nor any regulatory agency has reviewed",
        "may market its products and services to you whether or not you accept",
        "solely between you and",
    ):
        assert words in page
    assert agreement.esiid not in page
    assert not re.search(r"ongoing|continual", page, re.IGNORECASE)


def test_a_missing_privacy_policy_is_mentioned(client, agreement):
    """C7."""
    Submission.objects.update(privacy_policy_url="")
    assert "The privacy policy has not been provided." in client.get(decision_link(agreement)).content.decode()


def test_third_party_text_cannot_break_the_page(client, member):
    """E3's sense for the page."""
    agreement = initiate(member)[0]
    Agreement.objects.update(comments="<script>alert(1)</script>", third_party_name="<b>Evil & Sons</b>")
    page = client.get(decision_link(agreement)).content.decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>Evil" not in page


@pytest.mark.parametrize(("decision", "status"), [("accept", Status.COMPLETE), ("reject", Status.REJECTED)])
def test_one_click_decides_without_log_in_or_cookies(client, agreement, decision, status):
    """C1, C2: then the link shows what was recorded, now and on every later visit."""
    client = type(client)(enforce_csrf_checks=True)
    answer = client.post(decision_link(agreement), decision_form(agreement, decision))
    assert answer.status_code == 302
    agreement.refresh_from_db()
    assert agreement.status == status
    event = agreement.events.last()
    assert (event.channel, event.by) == (Channel.INVITATION, None)
    for _visit in range(2):
        page = client.get(decision_link(agreement))
        assert page.status_code == 200
        assert ("You accepted" if decision == "accept" else "You rejected") in page.content.decode()
    assert not client.cookies


def test_the_same_click_twice_is_no_conflict(client, agreement):
    """C2: one event, one email each."""
    for _click in range(3):
        assert client.post(decision_link(agreement), decision_form(agreement), follow=True).status_code == 200
    assert agreement.events.filter(kind="accept").count() == 1
    assert Email.objects.filter(kind="EM203").count() == 2


def test_a_click_after_the_period_is_refused_with_its_own_page(client, agreement):
    """L3: thirty days and a second."""
    end_period(agreement)
    for answer in (
        client.get(decision_link(agreement)),
        client.post(decision_link(agreement), decision_form(agreement)),
    ):
        page = answer.content.decode()
        assert "This request has expired" in page
        assert "It would have to send you a new request" in page
    agreement.refresh_from_db()
    assert agreement.status == Status.PENDING
    actions.expire_overdue()
    assert "This request has expired" in client.get(decision_link(agreement)).content.decode()
    assert client.post(decision_link(agreement), {"decision": "reject"}).status_code == 409


def test_a_click_after_a_withdrawal_is_refused_with_its_own_page(client, agreement, member):
    """L3."""
    actions.withdraw(agreement, by=member)
    seen = client.get(decision_link(agreement)).content.decode()
    assert "is no longer open" in seen
    assert "withdrew it on" in seen
    clicked = client.post(decision_link(agreement), decision_form(agreement))
    assert clicked.status_code == 409
    assert "My Account / 3rd Party Agreements" in clicked.content.decode()
    agreement.refresh_from_db()
    assert agreement.status == Status.WITHDRAWN


def test_a_click_after_a_decision_made_elsewhere_is_refused_with_its_own_page(client, member):
    """L3: decided in the customer's account while the email's page stood open."""
    claim, meter = registered_customer()
    person = Person(email=claim.customer.user.email)
    (agreement,) = initiate(member, meter, registered=True, person=person)
    actions.reject(agreement, channel=Channel.ACCOUNT, by=claim.customer.user)
    clicked = client.post(decision_link(agreement), decision_form(agreement))
    assert clicked.status_code == 409
    page = clicked.content.decode()
    assert "This request is no longer open" in page
    assert reverse("customer_agreements") in page
    assert "You rejected" in client.get(decision_link(agreement)).content.decode()


@pytest.mark.parametrize("token", ["x", "A" * 43, "../../etc/passwd", "%00", "é" * 43])
def test_a_forged_link_has_its_own_page(client, agreement, token):
    """X5: and tells nothing about anybody."""
    for answer in (
        client.get(reverse("invitation", args=["T"])[:-2] + token + "/"),
        client.post(reverse("invitation", args=["T"])[:-2] + token + "/", {"decision": "accept"}),
    ):
        assert answer.status_code == 404
        assert agreement.third_party_name not in answer.content.decode()
    known = client.get(reverse("invitation", args=["A" * 43])).content.decode()
    assert "This link doesn't work" in known


def test_a_post_without_a_decision_is_an_error(client, agreement):
    """A2."""
    answer = client.post(decision_link(agreement), {"decision": "maybe"})
    assert answer.status_code == 400
    assert "Choose Accept or Reject" in answer.content.decode()


def test_the_page_is_not_stored_or_indexed_and_sends_no_referrer(client, agreement):
    """X5."""
    answer = client.get(decision_link(agreement))
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "script" not in answer.content.decode()


def test_the_token_is_not_in_the_database(agreement):
    """X5: neither in a column nor in an email that waits."""
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    email = Email.objects.get(kind="EM201")
    assert token not in " ".join(str(value) for value in email.__dict__.values())
    assert token not in " ".join(str(value) for value in Agreement.objects.values()[0].values())


def test_the_reminder_has_the_same_link(client, agreement, member):
    """EM202: the first link works too."""
    actions.resend(agreement, by=member)
    nonces = {bytes(nonce) for nonce in Email.objects.values_list("link_nonce", flat=True)}
    assert nonces == {bytes(agreement.submission.link_nonce)}


class TestInTheCustomersAccount:
    """C4: the same decisions, the same result."""

    @pytest.fixture
    def mine(self, member) -> Agreement:
        claim, meter = registered_customer()
        person = Person(email=claim.customer.user.email)
        return initiate(member, meter, registered=True, person=person)[0]

    def test_the_list_shows_own_agreements_only(self, client, mine, member):
        other = initiate(member, MeterFactory())[0]
        client.force_login(mine.customer.user)
        page = client.get(reverse("customer_agreements")).content.decode()
        assert mine.number in page
        assert other.number not in page
        assert client.get(reverse("customer_agreement", args=[other.number])).status_code == 404

    @pytest.mark.parametrize(("decision", "status"), [("accept", Status.COMPLETE), ("reject", Status.REJECTED)])
    def test_decides(self, client, mine, decision, status):
        client.force_login(mine.customer.user)
        url = reverse("customer_agreement", args=[mine.number])
        said = {"accept": "You accepted the request", "reject": "You rejected the request"}[decision]
        assert f"<h1>{said}</h1>" in client.post(url, decision_form(mine, decision), follow=True).content.decode()
        mine.refresh_from_db()
        assert mine.status == status
        assert mine.events.last().by == mine.customer.user
        assert client.post(url, {"decision": decision}).status_code == 302  # the same again is no conflict
        other = client.post(url, {"decision": "reject" if decision == "accept" else "accept"})
        assert other.status_code == 409 and "The answer you just gave was not recorded" in other.content.decode()

    @pytest.mark.parametrize("answered_in", ["account", "link"])
    @pytest.mark.parametrize("outcome", ["accepted", "rejected", "unknown", "expired", "withdrawn", "changed", "late"])
    def test_reads_what_the_link_says(self, client, mine, member, outcome, answered_in):
        """C2, C4: each outcome is the same page in the account as behind the link."""
        mine.refresh_from_db()
        addresses = {"account": reverse("customer_agreement", args=[mine.number]), "link": decision_link(mine)}
        browser = Client()
        browser.force_login(mine.customer.user)
        late = {"decision": "accept"} if outcome in ("changed", "late") else None
        if outcome in ("withdrawn", "changed"):
            actions.withdraw(mine, by=member)
        elif outcome in ("expired", "late"):
            end_period(mine)
        else:
            decision = {"accepted": "accept", "rejected": "reject"}.get(outcome, outcome)
            browser.post(addresses[answered_in], decision_form(mine, decision))
        pages = {}
        for where, address in addresses.items():
            response = browser.post(address, late) if late else browser.get(address)
            assert response.status_code == (409 if late else 200)
            html = re.sub(r"<input[^>]*csrfmiddlewaretoken[^>]*>", "", response.content.decode())
            assert ("csrfmiddlewaretoken" in response.content.decode()) == (where == "account")
            html = html.replace(address, "PAGE/")
            pages[where] = re.findall(
                r'<div class="outcome">.*?</h1>.*?</div>|<section class="card">.*?</section>', html, re.S
            )
        assert len(pages["link"]) >= 2 and set(pages["link"]) <= set(pages["account"])

    def test_a_post_needs_the_form_of_the_account(self, mine):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(mine.customer.user)
        address = reverse("customer_agreement", args=[mine.number])
        assert browser.post(address, decision_form(mine)).status_code == 403
        mine.refresh_from_db()
        assert mine.status == Status.PENDING

    def test_another_customer_cannot_decide(self, client, mine, member):
        client.force_login(member)
        assert client.post(reverse("customer_agreement", args=[mine.number]), decision_form(mine)).status_code == 404

    def test_no_decision_is_recorded_after_the_period(self, client, mine):
        """L3."""
        mine.refresh_from_db()
        end_period(mine)
        client.force_login(mine.customer.user)
        url = reverse("customer_agreement", args=[mine.number])
        assert "expired" in client.post(url, {"decision": "accept"}).content.decode()
