"""What a customer reads before the buttons: all facts of C7 in under 150 words, on the page and in the email."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement
from agreements.request import Person
from customers.models import CustomerKind
from lib import link_tokens
from lib.central_time import ONE_DAY
from meters.addresses import group_by_street
from meters.models import Premise, Tdsp
from notifications.models import Email
from tests.factories import (
    CompanyFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    TdspFactory,
)
from tests.support.agreements import ROSA, initiate
from tests.support.usage import CONSUMPTION, every_day, store

pytestmark = pytest.mark.django_db

LIMIT = 150
UTILITY, PHONE = "CenterPoint Energy", "(713) 207-2222"
COMPANY = "Bluebonnet Home Energy LLC"
FACTS = {
    "en": ("isn't your utility", "your choice", "final", "undo", "If you don't answer by", "15-minute", "ESIID"),
    "es": (
        "Esta empresa no es su distribuidora", "Usted decide", "definitiva", "deshacerla", "Si no responde",
        "ESIID",
    ),
}  # fmt: skip


def requests(
    kind: CustomerKind,
    *,
    registered: bool,
    meter_count: int,
    language: str,
    report_length: str = "12m",
    is_late: bool = False,
) -> list[Agreement]:
    """Initiate a request about meters of one utility with usage on file, or one that is late."""
    member = MembershipFactory(company=CompanyFactory(legal_name=COMPANY)).user
    tdsp = Tdsp.objects.filter(name=UTILITY).first() or TdspFactory(name=UTILITY, contact_phone=PHONE)
    meters = [MeterFactory(premise__tdsp=tdsp, premise__address=f"{12 + n} Main St") for n in range(meter_count)]
    today = timezone.localdate()
    for meter in meters:
        store(meter.premise, *every_day(today - 9 * ONE_DAY, today - (4 if is_late else 1) * ONE_DAY, CONSUMPTION))
    person = replace(ROSA, company_name="Hill Country Bakery", language=language)
    if registered:
        customer = CustomerFactory(kind=kind, company_name="Hill Country Bakery" if kind == "business" else "")
        customer.user.language = language
        customer.user.save()
        for meter in meters:
            EsiidClaimFactory(customer=customer, premise=meter.premise)
        person = Person(email=customer.user.email)
    return initiate(member, *meters, person=person, registered=registered, kind=kind, report_length=report_length)


def words_of(html: str) -> list[str]:
    """Return the words of `html` without the labels in the picture, which no screen reader reads either.

    A phone number is one.
    """
    html = html.replace(PHONE, PHONE.replace(" ", ""))
    html = re.sub(r'(?s)<div class="day__\w+" aria-hidden="true">.*?</div>', " ", html)
    return re.findall(r"[\w'’.:()-]*\w[\w'’.:()-]*", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("meter_count", [1, 3])
@pytest.mark.parametrize("registered", [False, True], ids=["unregistered", "registered"])
@pytest.mark.parametrize("kind", CustomerKind)
def test_the_facts_come_before_the_buttons_in_few_words(kind, registered, meter_count, language):
    """C7: also with the line about the email's button, on the page and in the email."""
    agreements = requests(kind, registered=registered, meter_count=meter_count, language=language)
    link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))])
    for query in ({}, {"pressed": "reject"}):
        page = Client().get(link, query).content.decode()
        before = page[page.index('<div class="ask__terms') : page.index('<div class="answer__btns')]
        words = words_of(before)
        assert len(words) < LIMIT, f"{len(words)} words: {' '.join(words)}"
        text = " ".join(unescape(re.sub("<[^>]+>", "", before)).split())
        address = agreements[0].premise.address if meter_count == 1 else "12, 13, 14 Main St"
        for fact in (COMPANY, PHONE, address, *FACTS[language]):
            assert fact in text, fact
    email = Email.objects.get(kind="EM201")
    before = email.html[email.html.index("<h1") : email.html.index('class="buttons"')]
    words = words_of(before)
    assert len(words) < LIMIT, f"{len(words)} words: {' '.join(words)}"
    text = " ".join(unescape(before).split())
    for fact in (COMPANY, PHONE, agreements[0].premise.address, *FACTS[language]):
        assert fact in text, fact


@pytest.mark.slow
@pytest.mark.parametrize("report_length", ["1d", "12m"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("meter_count", [1, 3])
@pytest.mark.parametrize("registered", [False, True], ids=["unregistered", "registered"])
@pytest.mark.parametrize("kind", CustomerKind)
def test_the_words_about_a_late_utility_are_few_too(kind, registered, meter_count, language, report_length):
    """C7, R7: the days that an acceptance waits for."""
    details = {"registered": registered, "meter_count": meter_count, "language": language}
    agreements = requests(kind, report_length=report_length, is_late=True, **details)
    link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))])
    page = Client().get(link, {"pressed": "reject"}).content.decode()
    words = words_of(page[page.index('<div class="ask__terms') : page.index('<div class="answer__btns')])
    assert "72" in words and len(words) < LIMIT, f"{len(words)} words: {' '.join(words)}"


def test_the_example_is_called_one_and_fits_the_customer():
    """C7: no picture of the customer's own data, a shop for a business, none for daily data."""
    pages = {}
    for kind in CustomerKind:
        (agreement,) = requests(kind, registered=False, meter_count=1, language="en")
        link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])
        pages[kind] = Client().get(link).content.decode()
        assert "An example day of 15-minute readings. This isn't your data." in pages[kind]
        assert 'class="day' not in Client().get(link, {"type": "daily"}).content.decode()
    assert "day--shop" in pages[CustomerKind.BUSINESS] and "when your business is open" in pages[CustomerKind.BUSINESS]
    assert "day--shop" not in pages[CustomerKind.RESIDENTIAL] and "asleep" in pages[CustomerKind.RESIDENTIAL]


@pytest.mark.parametrize(
    ("pressed", "words"), [("accept", "pressed <b>Accept</b>"), ("reject", "pressed <b>Reject</b>"), ("other", "")]
)
def test_the_button_of_the_email_is_said_at_the_top_and_nothing_is_decided(pressed, words):
    """C1: no fragment; what the address says otherwise is ignored."""
    (agreement,) = requests(CustomerKind.RESIDENTIAL, registered=False, meter_count=1, language="en")
    link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])
    page = Client().get(link, {"pressed": pressed}).content.decode()
    assert ("That doesn't count yet: accept or reject here." in page) == bool(words) and words in page
    if words:
        assert page.index("That doesn't count yet") < page.index("<h1")
    email = Email.objects.get(kind="EM201")
    assert "#accept" not in email.html and "?pressed=accept" in email.html and "?pressed=reject" in email.html
    agreement.refresh_from_db()
    assert agreement.status == "pending"


def test_the_banner_names_the_button_of_an_email_about_several_meters():
    """C1, C10: the reminder of several meters has "Reject all"; the page says so and decides nothing."""
    agreements = requests(CustomerKind.RESIDENTIAL, registered=False, meter_count=2, language="en")
    link = reverse("invitation", args=[link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))])
    page = Client().get(link, {"pressed": "reject"}).content.decode()
    assert "You pressed <b>Reject all</b> in the email." in page and ">Meters</dt>" in page
    assert {Agreement.objects.get(pk=each.pk).status for each in agreements} == {"pending"}


def test_addresses_of_one_street_are_one_line():
    """C10: in the order of the meters, each address once; what has no number of a house has its own line."""
    places = [("12 Main St", ""), ("3 Oak Ave", ""), ("14 Main St", ""), ("12 Main St", ""), ("Pump 2", "")]
    premises = [Premise(address=address, address_overflow=overflow) for address, overflow in places]
    assert group_by_street(premises) == ["12, 14 Main St", "3 Oak Ave", "Pump 2"]
    flats = [Premise(address="500 Oak Ave", address_overflow=f"Apt {number}") for number in (1, 2)]
    assert group_by_street(flats) == ["500 Oak Ave Apt 1", "500 Oak Ave Apt 2"]
