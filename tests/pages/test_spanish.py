"""A customer who reads Spanish meets no English, on no page and in no email (C6)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from agreements import actions, letter_pdf
from agreements.states import Channel
from notifications.models import Email
from tests.factories import MeterFactory
from tests.pages.letters import customers_emails
from tests.pages.reading import SAME, english_in, pieces
from tests.pages.rendering import rendered, templates
from tests.pages.visits import FAILURE, all_visits, visit_page
from tests.support.agreements import ROSA, initiate


def test_the_page_of_our_own_failure_says_the_same_in_both_languages(filled: dict[str, Any]) -> None:
    """It must not ask which language it is in: that may be what failed. So it has both."""
    (visit,) = (visit for visit in all_visits() if visit.state == FAILURE)
    page = visit_page(visit, filled, "es").content.decode()
    (spanish,) = re.findall(r'(?s)<section lang="es">.*?</section>', page)
    english = page.split("<main")[1].replace(spanish, "")
    assert [len(re.findall(rf"<{tag}\b", english)) for tag in ("h1", "p", "a")] == [
        len(re.findall(rf"<{tag}\b", spanish)) for tag in ("h2", "p", "a")
    ]
    assert not english_in(pieces(spanish), pieces(english), SAME)


@pytest.mark.slow
def test_no_email_that_a_customer_gets_in_spanish_has_english_in_it(filled: dict[str, Any]) -> None:
    """C6: subject, HTML and text of each, and no template is left out."""
    found = ""
    with rendered() as names:
        both = [customers_emails(filled, code) for code in ("es", "en")]
    assert [email.kind for email in both[0]] == [email.kind for email in both[1]]
    assert {(email.kind, email.language) for email in both[0]} == {(email.kind, "es") for email in both[0]}
    for spanish, english in zip(*both, strict=True):
        if left := english_in(all_of(spanish), all_of(english), SAME):
            found += f"\n{spanish.kind} {spanish.subject}: {left}"
    assert not found, found
    assert sorted(templates(lambda name: name.startswith("emails/")) - names) == []


def all_of(email: Email) -> list[str]:
    return [email.subject, *pieces(email.html), *(" ".join(line.split()) for line in email.text.splitlines())]


def test_a_letter_of_authorization_is_in_the_customers_language(filled: dict[str, Any]) -> None:
    """C6: also its PDF is made of this text."""
    letters = []
    for language in ("es", "en"):
        (agreement,) = initiate(filled["member"], MeterFactory(), person=replace(ROSA, language=language))
        letters.append(actions.accept(agreement, channel=Channel.INVITATION).letter)
    spanish, english = ([" ".join(line.split()) for line in letter.text.splitlines()] for letter in letters)
    assert not english_in(spanish, english, SAME)
    assert letter_pdf.as_pdf(letters[0]).startswith(b"%PDF-")


@pytest.mark.control
def test_control_a_page_that_stayed_english_is_found_out(filled: dict[str, Any]) -> None:
    for visit in all_visits()[:3]:
        english = pieces(visit_page(visit, filled, "en").content.decode())
        assert english_in(english, english, SAME)
        assert english_in(english, [], SAME), "the words alone give it away"
