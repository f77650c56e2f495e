"""Every page in each of its states, opened once and read in turn by axe, for its language, look and scripts (A1)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import transaction

from tests.pages.classes import classes, defined
from tests.pages.known import Known
from tests.pages.reading import SAME, english_in, pieces
from tests.pages.rendering import templates
from tests.pages.script_buttons import ScriptButtons
from tests.pages.showing import LANGUAGE, SEEN, Screen
from tests.pages.visits import FAILURE, OpenedPage, open_every_page
from tests.pages.world import fill

pytestmark = [pytest.mark.walk, pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.django_db]

AUDIENCES = {
    "strangers": lambda visit: visit.role == "anonymous" and visit.is_for_customers,
    "customers": lambda visit: visit.role != "anonymous" and visit.is_for_customers,
    "companies and staff": lambda visit: not visit.is_for_customers,
}
# They say "Error:" where no page of a customer's has an error, and what stands on the third party's pages alone.
SELDOM = {"allauth/elements/field.html"}
SELDOM |= {"reports/calendar.html", "reports/coverage.html"}
# Pages of failures, which have both languages (tests/operations/test_error_pages.py).
SELDOM |= {"413.html", "500.html", "503.html", "plain_page.html"}


@pytest.fixture(scope="module")
def pages(module_world: dict[str, Any]) -> list[OpenedPage]:
    with transaction.atomic():
        pages = list(open_every_page(fill(copy.deepcopy(module_world))))
        transaction.set_rollback(True)
    return pages


def looked_at(screen: Screen, page: OpenedPage, known: Known) -> list[str]:
    """What is wrong with `page`: light at 320 px, and dark at 1280 px, in Spanish if it has any.

    Where the markup is `known`, only the words are new: then it is whether they fit a phone.
    """
    screen.show(page.answers["en"])
    is_known = known.has(page.english)
    found = screen.problems(320, "light", rules=[] if is_known else None)
    if "es" in page.answers:
        screen.show(page.answers["es"])
        found += screen.problems(320, "light", rules=LANGUAGE)
    if not is_known:
        found += screen.problems(1280, "dark", rules=SEEN)
    return found + screen.heard()


@pytest.mark.browser
@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_page_breaks_a_rule_of_accessibility_or_scrolls_sideways(screen, pages, audience) -> None:
    """A1: every URL for every audience, filled, empty and refused."""
    known = Known()
    found = {}
    for page in pages:
        if AUDIENCES[audience](page.visit) and (problems := looked_at(screen, page, known)):
            found[str(page.visit)] = problems
    assert not found, "\n".join(f"{page}: {one}" for page, problems in found.items() for one in problems)


def test_no_page_that_a_customer_sees_in_spanish_has_english_on_it(pages: list[OpenedPage]) -> None:
    """C6: each page in each state, and no template of ours is left out."""
    found, names = "", set()
    for page in (page for page in pages if "es" in page.answers and page.visit.state != FAILURE):
        names |= page.templates
        spanish, english = pieces(page.answers["es"].content.decode()), pieces(page.english)
        if left := english_in(spanish, english, SAME):
            found += f"\n{page.visit}: {left}"
    assert not found, found
    left_out = sorted(templates(lambda name: not name.startswith("emails/")) - names - SELDOM)
    assert not left_out, "\n".join(left_out)


def test_every_class_of_a_page_is_in_a_stylesheet(pages: list[OpenedPage]) -> None:
    """Also those that widgets and packages bring."""
    known = defined()
    assert not {name for page in pages for name in classes(page.english) if name not in known}


def test_buttons_of_scripts_are_hidden_without_them(pages: list[OpenedPage]) -> None:
    """A1: without JavaScript no button is shown that then does nothing; pages of keys and passkeys."""
    of_keys = [page for page in pages if page.visit.name.startswith(("mfa_", "account_login"))]
    found = {str(page.visit): ScriptButtons(page.english) for page in of_keys}
    assert sum(page.count for page in found.values()) >= 5
    assert not {name: page.always_visible for name, page in found.items() if page.always_visible}
