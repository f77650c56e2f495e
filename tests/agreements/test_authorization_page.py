"""The letter of authorization as a page and PDF, and the exact words on which the customer decided (P2.3, C7, T6)."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from agreements import actions
from agreements.loa import decision_text, html_to_text
from agreements.models import Agreement, Submission
from agreements.request import Person
from agreements.states import Channel
from lib.phone_numbers import format_phone
from tests.factories import LetterFactory, MembershipFactory, OperatorFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.decisions import decision_form, decision_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    """Pending, of a registered customer."""
    claim, meter = registered_customer()
    (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
    return agreement


NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def pages(agreement: Agreement, member) -> list[tuple[object, str, str]]:
    """(who reads, the letter's page, where the agreement is) for each reader."""
    number = [agreement.number]
    return [
        (None, decision_link(agreement, "invitation_authorization"), decision_link(agreement)),
        (
            agreement.customer.user,
            reverse("customer_authorization", args=number),
            reverse("customer_agreement", args=number),
        ),
        (member, reverse("agreement_authorization", args=number), reverse("agreement", args=number)),
    ]


def visible(page: str) -> str:
    """What people read of a page, in one line."""
    body = page.split("<main")[1].split("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


class TestLetter:
    def test_is_there_for_each_reader_after_the_acceptance_and_linked_from_the_agreement(
        self, client, agreement, member
    ):
        """P2.3: the kept text, its version, its hash, when it was signed."""
        actions.accept(agreement, channel=Channel.INVITATION)
        letter = agreement.letter
        for reader, address, home in pages(agreement, member):
            client.logout()
            if reader:
                client.force_login(reader)
            assert address in client.get(home).content.decode()
            answer = client.get(address)
            assert answer.status_code == 200
            seen = visible(answer.content.decode())
            for line in letter.text.splitlines():
                assert " ".join(line.removeprefix("## ").removeprefix("- ").removeprefix("= ").split()) in seen
            assert letter.sha256 in seen
            assert letter.version in seen
            # The decision page has the address on record, which the company may not know.
            assert (letter.decision_sha256 in seen) is (reader != member)
            assert "no-store" in answer["Cache-Control"]

    def test_comes_as_the_same_pdf_that_was_emailed(self, client, agreement, member):
        """EM203."""
        from notifications.models import Email

        actions.accept(agreement, channel=Channel.INVITATION)
        emailed = bytes(Email.objects.get(kind="EM203", to_address=agreement.email).attachments.get().content)
        for reader, address, _home in pages(agreement, member):
            client.logout()
            if reader:
                client.force_login(reader)
            answer = client.get(address, {"as": "pdf"})
            assert answer["Content-Type"] == "application/pdf"
            assert f"smt-{agreement.number}-authorization.pdf" in answer["Content-Disposition"]
            assert answer.content == emailed

    @pytest.mark.parametrize("end", ["pending", "rejected", "withdrawn"])
    def test_is_not_there_before_or_without_an_acceptance(self, client, agreement, member, end):
        """T6: nor does it show a name that is still masked."""
        if end == "rejected":
            actions.reject(agreement, channel=Channel.INVITATION)
        elif end == "withdrawn":
            actions.withdraw(agreement, by=member)
        for reader, address, home in pages(agreement, member):
            client.logout()
            if reader:
                client.force_login(reader)
            for query in ({}, {"as": "pdf"}):
                answer = client.get(address, query)
                assert (answer.status_code, answer["Location"]) == (302, home)

    def test_is_not_found_by_others(self, client, agreement, member):
        """T12: after the acceptance, another company's user, another customer and staff have no such page."""
        actions.accept(agreement, channel=Channel.INVITATION)
        others = [MembershipFactory().user, registered_customer()[0].customer.user, OperatorFactory()]
        viewless = MembershipFactory(company=member.membership.company, may_view=False).user
        for user in [*others, viewless]:
            client.force_login(user)
            for name in ("customer_authorization", "agreement_authorization"):
                for query in ({}, {"as": "pdf"}):
                    assert client.get(reverse(name, args=[agreement.number]), query).status_code == 404
        client.logout()
        assert client.get(reverse("invitation_authorization", args=["A" * 43]), follow=True).status_code == 404

    def test_says_no_more_of_the_esiid_than_seven_digits(self, client, agreement, member):
        """C7, E1."""
        actions.accept(agreement, channel=Channel.INVITATION)
        for reader, address, _home in pages(agreement, member):
            client.logout()
            if reader:
                client.force_login(reader)
            page = client.get(address).content.decode()
            assert agreement.esiid not in page
            assert agreement.esiid[-7:] in page

    def test_without_a_decision_text_still_has_its_page(self, client):
        letter = LetterFactory()
        page = client.get(decision_link(letter.agreement, "invitation_authorization")).content.decode()
        assert "I authorize one report." in page
        assert "What the page said" not in page


class TestDecisionText:
    def test_has_every_fact_that_a_decision_needs_and_matches_its_hash(self, member):
        """C7."""
        (agreement,) = initiate(member)
        Agreement.objects.update(comments="First line\nSecond <b>line</b>")
        agreement.refresh_from_db()
        actions.accept(agreement, channel=Channel.INVITATION)
        letter = agreement.letter
        for fact in (
            agreement.third_party_name,
            agreement.contact_name,
            format_phone(agreement.contact_phone),
            agreement.contact_email,
            agreement.submission.privacy_policy_url,
            "One report",
            "electricity use in 15-minute intervals",
            "The 3 months up to the latest day on file",
            agreement.number,
            agreement.meter_number,
            agreement.esiid[-7:],
            agreement.service_address,
            agreement.premise.address,
            "If you don't answer by",
            "It's your choice.",
            "Your answer is final.",
            "You don't have to share it with anyone",
            "Neither this portal nor any regulatory agency has reviewed the privacy policy",
            "may market its products and services to you whether or not you accept",
            "Any business relationship is solely between you and",
            "> First line\n> Second <b>line</b>",
        ):
            assert fact in letter.decision_text, fact
        assert agreement.esiid not in letter.decision_text
        assert hashlib.sha256(letter.decision_text.encode()).hexdigest() == letter.decision_sha256
        assert letter.decision_language == agreement.submission.language

    def test_a_missing_privacy_policy_is_in_it(self, member):
        """C7."""
        (agreement,) = initiate(member)
        Submission.objects.update(privacy_policy_url="")
        agreement.refresh_from_db()
        assert "Privacy policy: The privacy policy has not been provided." in decision_text(
            [agreement], language="en", at=NOW
        )

    @pytest.mark.parametrize("where", ["link", "account"])
    def test_is_what_the_page_said_word_for_word(self, client, agreement, where):
        """C4, C7: by email and in the account the same words stand on the page and in the letter."""
        if where == "link":
            page, decide = decision_link(agreement), decision_link(agreement)
        else:
            client.force_login(agreement.customer.user)
            page = reverse("customer_agreement", args=[agreement.number])
            decide = reverse("customer_agreement", args=[agreement.number])
        seen = visible(client.get(page).content.decode()).replace(" .", ".").replace(" ,", ",")
        assert client.post(decide, decision_form(agreement)).status_code == 302
        lines = [line for line in agreement.letter.decision_text.splitlines() if line]
        assert len(lines) > 25
        for line in lines:
            for part in re.sub(r"^(## |# |- |> )", "", line).split(": ", 1):
                assert part in seen, part

    def test_has_none_of_the_pages_buttons(self, member):
        (agreement,) = initiate(member)
        assert "Accept\n" not in decision_text([agreement], language="en", at=NOW)

    def test_is_the_same_for_every_reader(self, member):
        (agreement,) = initiate(member)
        assert decision_text([agreement], language="en", at=NOW) == decision_text([agreement], language="en", at=NOW)
        assert decision_text([agreement], language="es", at=NOW) != ""

    @pytest.mark.parametrize(
        ("page", "text"),
        [
            ("<h2>A</h2><p>b  <strong>c</strong>\n d</p>", "## A\nb c d\n"),
            ("<p>x</p><h2>A</h2>", "x\n\n## A\n"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two\n"),
            ("<dl><dt>Name</dt><dd>R &amp; <a href='x'>S</a></dd></dl>", "Name: R & S\n"),
            ("<blockquote><p>a<br>b</p></blockquote><p>c</p>", "> a\n> b\nc\n"),
        ],
    )
    def test_has_one_line_per_paragraph(self, page, text):
        assert html_to_text(page) == text
