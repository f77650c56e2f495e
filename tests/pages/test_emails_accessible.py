"""No email breaks a rule of WCAG 2.2 AA, in either language, light and dark, on the smallest screen (A1, E1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse

from tests.pages.known import Known
from tests.pages.letters import all_emails
from tests.pages.showing import COLORS, LANGUAGE, Screen
from tests.pages.test_spanish import rendered

pytestmark = [pytest.mark.walk, pytest.mark.browser, pytest.mark.django_db]

# Of a page, not of a letter: landmarks lead over a navigation, and an email has none.
OF_PAGES = {"landmark-one-main", "region"}
# These are no email of their own.
PARTS = {
    "base.html",
    "answers.html",
    "button.html",
    "fact.html",
    "meters.html",
    "request_facts.html",
    "agreement_facts.html",
}


def broken(screen: Screen, scheme: str, rules: list[str] | None = None) -> list[str]:
    """What is wrong with what is on the screen, but for what makes no sense for an email."""
    found = screen.problems(320, scheme, rules=rules)
    return [one for one in found if one.split(": ")[1] not in OF_PAGES]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_no_email_breaks_a_rule_of_accessibility_or_scrolls_sideways(screen: Screen, filled: dict[str, Any]) -> None:
    """A1, E1: each template, in both languages, in light and dark, at 320 px."""
    known = Known()
    wrong = []
    with rendered() as names:
        both = [(language, email) for language in ("en", "es") for email in all_emails(filled, language)]
    for language, email in both:
        if known.has(f'<html data-language="{email.language}">{email.html}'):
            continue
        screen.show(HttpResponse(email.html))
        problems = broken(screen, "light") + broken(screen, "dark", COLORS)  # the other rules see the same in the dark
        wrong += [f"{email.kind} {language}: {one}" for one in problems]
    assert not wrong, "\n".join(sorted(set(wrong)))
    ours = {path.name for path in (Path(settings.BASE_DIR) / "templates/emails").glob("*.html")} - PARTS
    assert {f"emails/{name}" for name in ours} <= names
    assert len(known) >= len(ours)


@pytest.mark.control
def test_control_what_is_wrong_with_an_email_is_found(screen: Screen) -> None:
    screen.show(HttpResponse('<html><body><table><tr><td><p style="color: #bbb">Pale</p><img src="x"></table></html>'))
    found = " ".join(broken(screen, "light"))
    for rule in ("image-alt", "color-contrast", "document-title", LANGUAGE[0]):
        assert rule in found
