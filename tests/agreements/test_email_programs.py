"""Emails look the same in programs that drop style sheets, cut long mail or know only tables (E1, E3, C7)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from agreements import actions
from agreements.models import Agreement
from agreements.states import Channel
from lib.phone_numbers import phone_link
from notifications.models import Email
from tests.factories import CompanyFactory, MembershipFactory, MeterFactory, TdspFactory
from tests.support.agreements import ROSA, initiate

pytestmark = pytest.mark.django_db

GMAIL_CUTS_AT = 102_000  # bytes
LONG = "Residential Renewable Energy and Efficiency Services Cooperative of the Lower Rio Grande Valley LLC"


class Elements(HTMLParser):
    """The elements of an email with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def named(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def emails_of_life(**person: str) -> list[Email]:
    """Queue the emails of three requests: accepted, rejected, and withdrawn after a reminder."""
    member = MembershipFactory(company__legal_name=LONG).user
    tdsp = TdspFactory(name="CenterPoint Energy", contact_phone="713-207-2222")
    agreements = [
        initiate(member, MeterFactory(premise__tdsp=tdsp), person=replace(ROSA, **person))[0] for _ in range(3)
    ]
    actions.accept(agreements[0], channel=Channel.INVITATION)
    actions.reject(agreements[1], channel=Channel.INVITATION)
    actions.resend(agreements[2], by=member)
    actions.withdraw(agreements[2], by=member)
    return list(Email.objects.all())


def test_styles_are_in_attributes_and_widths_are_in_both():
    """E1: what is read has its type and color where no style sheet is, and Outlook finds the width of each column."""
    for email in emails_of_life():
        elements = Elements(email.html)
        for attributes in elements.named("h1", "h2", "p", "li", "a"):
            assert "style" in attributes, (email.kind, attributes)
        assert all("font-family" in attributes["style"] for attributes in elements.named("h1", "h2", "p", "li"))
        assert not {"img", "link", "script", "form"} & {tag for tag, _attributes in elements.found}
        assert all(table.get("role") == "presentation" for table in elements.named("table"))
        assert "<!--[if mso]>" in email.html and 'width="600"' in email.html
        assert "prefers-color-scheme" in email.html and "var(" not in email.html


def test_the_longest_request_is_shorter_than_what_gmail_cuts():
    """E1: twenty meters, long names."""
    tdsps = [TdspFactory(contact_phone="713-207-2222") for _ in range(4)]
    meters = [MeterFactory(premise__tdsp=tdsps[n % 4], premise__address=f"{n} {LONG}") for n in range(20)]
    agreements = initiate(MembershipFactory(company__legal_name=LONG).user, *meters)
    for agreement in agreements:
        actions.accept(agreement, channel=Channel.INVITATION)
    for email in Email.objects.all():
        assert len(email.html.encode()) < GMAIL_CUTS_AT, email.kind


def test_accept_and_reject_look_alike():
    """C7: side by side, nothing differs but the word and where it leads."""
    initiate(MembershipFactory().user)
    html = Email.objects.get().html
    answers = re.findall(r'<td class="button answer".*?</td>', html, re.DOTALL)
    accept, reject = (re.sub("accept|Accept|reject|Reject", "*", answer) for answer in answers)
    assert accept == reject
    assert "I don't know this company" in html


def test_an_email_greets_its_reader_by_name_in_both_parts():
    for email in emails_of_life():
        name = "Rosa Delgado" if email.to_address == ROSA.email else Agreement.objects.first().contact_name
        for part in (email.text, email.html):
            assert re.search(rf"(Hello|Request to) {name}", part), email.kind


def test_a_name_that_is_an_address_is_no_link():
    """E3: a third party types the customer's name, and mail programs make links of what looks like one."""
    for email in emails_of_life(first_name="Click", last_name="www.evil.example"):
        for part in (email.text, email.html) if email.to_address == ROSA.email else ():
            assert "evil" in part and "evil.example" not in part, email.kind


def test_the_utilitys_phone_can_be_pressed():
    """C7: a number that nobody can dial stays words."""
    for email in emails_of_life():
        if email.to_address == ROSA.email:
            assert '<a href="tel:+1-713-207-2222"' in email.html, email.kind
            for part in (email.text, email.html):
                assert "(713) 207-2222" in part and ">713-207-2222" not in part, email.kind
    assert phone_link("713-207-2222 ext. 4") == '<a href="tel:+1-713-207-2222;ext=4">(713) 207-2222 ext. 4</a>'
    assert phone_link("see your bill") == "see your bill"


def test_the_request_says_since_when_the_company_is_registered():
    """C7: in the email, in both parts, by the calendar of Texas: it is still November there."""
    company = CompanyFactory(registered_at=datetime(2026, 12, 1, 3, 0, tzinfo=UTC))
    initiate(MembershipFactory(company=company).user)
    email = Email.objects.get()
    for part in (email.text, email.html):
        assert "Registered here since November 2026" in part
