"""The emails of an agreement's life as their readers get them (EM201 to EM205)."""

from __future__ import annotations

import hashlib
import io
import re

import pytest
from django.conf import settings
from pypdf import PdfReader

from agreements import actions, creation, letter_pdf, loa
from agreements.models import Agreement, Letter
from agreements.request import Person
from agreements.states import Channel
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreements import CONTACT, ROSA, agreement_request, initiate, registered_customer
from tests.support.pdf_text import plain_text

pytestmark = pytest.mark.django_db

EVIL = (
    "Dear customer,\n\n.\nAccept here: https://evil.example\n<img src=x onerror=alert(1)>\r\nBcc: all@example.com\u202e"
)


@pytest.fixture
def member():
    return MembershipFactory().user


def every_email(member) -> list[Email]:
    """One agreement of each end, a reminder, and an expiry."""
    for decide in (actions.accept, actions.reject):
        decide(initiate(member, MeterFactory())[0], channel=Channel.INVITATION)
    withdrawn, expired = initiate(member, MeterFactory())[0], initiate(member, MeterFactory())[0]
    actions.resend(withdrawn, by=member)
    actions.withdraw(withdrawn, by=member)
    actions.expire_overdue(at=expired.expires_at.replace(year=expired.expires_at.year + 1))
    return list(Email.objects.all())


def test_every_email_has_both_parts_names_the_company_and_hides_the_esiid(member):
    """E1."""
    emails = every_email(member)
    assert {email.kind for email in emails} == {"EM201", "EM202", "EM203", "EM205", "WITHDRAWN", "NOT_ACCEPTED"}
    for email in emails:
        agreement = Agreement.objects.get(number=email.about[0])
        assert agreement.third_party_name in email.subject
        for part in (email.text, email.html):
            assert agreement.number in part
            assert agreement.esiid not in part
            assert agreement.esiid[-7:] in part
            assert agreement.meter_number in part
            assert not re.search(r"ongoing|continual", part, re.IGNORECASE)
        assert "src=" not in email.html
        assert "&amp;" not in email.text
        assert "{" not in email.text + re.sub(r"(?s)<style.*?</style>", "", email.html)


def test_the_invitation_says_everything_in_both_parts(member):
    """EM201, C7."""
    initiate(member)
    email = Email.objects.get()
    agreement = Agreement.objects.get()
    for part in (" ".join(email.text.split()), " ".join(email.html.split())):
        for words in (
            agreement.third_party_name,
            agreement.contact_name,
            agreement.contact_email,
            agreement.submission.privacy_policy_url,
            "One report of your electricity use in 15-minute intervals",
            "The 3 months up to the latest day that your utility has sent us",
            "the company gets nothing",
            "It's your choice.",
            "can show when you",
            "Your answer is final",
            "Neither this portal nor any regulatory agency has reviewed",
            "whether or not you accept",
            "solely between you and",
            f"{settings.PORTAL_ORIGIN}/invitation/{email.placeholder}/",
            "/help/faq/",
            "/help/security-and-privacy/",
            "/help/account/",
        ):
            assert words in part, words


def test_third_party_text_cannot_break_html_text_or_headers(member):
    """E3."""
    (agreement,) = initiate(
        member, person=Person(**{**ROSA.__dict__, "first_name": "Ro<b>sa", "last_name": "O'Neil & Sons"})
    )
    company = member.membership.company
    company.legal_name = "Evil\r\nBcc: everybody@example.com <Corp>"
    company.save()
    (agreement,) = initiate(member)
    Agreement.objects.filter(pk=agreement.pk).update(comments=EVIL)
    agreement.refresh_from_db()
    actions.resend(agreement, by=member)
    email = Email.objects.get(kind="EM202")
    assert "\n" not in email.subject
    assert "\r" not in email.subject
    assert "<img" not in email.html
    assert "&lt;img" in email.html
    quoted = email.text[email.text.index("> Dear customer") :].split("\n\n")[0]
    assert all(line.startswith(">") for line in quoted.splitlines())
    assert "\u202e" not in email.text
    assert not re.search(r"^Accept here", email.text, re.MULTILINE)


def test_a_registered_customer_who_rejected_stays_masked(member):
    """T6."""
    claim, meter = registered_customer()
    (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
    actions.reject(agreement, channel=Channel.INVITATION)
    notice = Email.objects.get(kind="EM205", to_address=agreement.contact_email)
    for part in (notice.text, notice.html):
        assert "Akin" not in part
        assert "C••• A•••" in part


def test_em203_attaches_the_letter_of_authorization(member):
    """EM203, P2.3: the PDF says what the kept text says, on one or two sheets, in any alphabet of our customers."""
    person = Person(**{**ROSA.__dict__, "first_name": "Nguyễn", "last_name": "Šťastný-Muñoz"})
    (agreement,) = initiate(member, person=person)
    actions.accept(agreement, channel=Channel.INVITATION)
    letter = agreement.letter
    assert hashlib.sha256(loa.printed_text(letter.text).encode()).hexdigest() == letter.sha256
    email = Email.objects.get(kind="EM203", to_address=agreement.email)
    attachment = email.attachments.get()
    pdf = bytes(attachment.content)
    assert attachment.name == f"smt-{agreement.number}-authorization.pdf"
    assert pdf.startswith(b"%PDF-")
    assert 1 <= len(PdfReader(io.BytesIO(pdf)).pages) <= 2
    assert letter_pdf.as_pdf(letter) == pdf
    assert "Nguyễn" in letter.text
    assert agreement.esiid not in letter.text
    assert "One report" in letter.text
    third_party = Email.objects.get(kind="EM203", to_address=agreement.contact_email)
    assert not third_party.attachments.exists()
    text = plain_text(pdf)
    assert "Nguyễn" in text and letter.agreement.number in text


def test_a_company_named_inc_ends_a_sentence_with_one_full_stop():
    """E3, C7: in every email of the agreement's life, in the letter, and in what the customer read before."""
    member = MembershipFactory(company__legal_name="Green Sons Inc.").user
    texts = [text for email in every_email(member) for text in (email.text, email.html)]
    letter = Letter.objects.get()
    texts += [letter.text, letter.decision_text]
    texts = [text for text in texts if "Green Sons Inc" in text]  # to the company itself some do not say it
    assert len(texts) > 10 and not [text for text in texts if "Inc.." in text]


def test_addresses_in_comments_are_words_and_no_links(member):
    """E3: mail programs make links of what looks like an address."""
    meter = MeterFactory()
    draft = creation.start_draft(agreement_request(meter), by=member)
    comments = "Pay at https://evil.example/pay or www.evil.example, write to a@evil.example. Thanks.At 3.5 kWh, 5:30."
    creation.initiate(draft.pk, by=member, contact=CONTACT, comments=comments, attested=True)
    email = Email.objects.get()
    for part in (email.text, email.html):
        assert not re.search(r"https://evil|www\.evil|evil\.example|a@evil", part)
        visible = " ".join(part.replace("\u200c", "").replace("\n> ", " ").split())
        assert comments in visible
