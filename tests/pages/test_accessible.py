"""No page breaks a rule of WCAG 2.2 AA, in either language, width and color scheme, and none scrolls sideways (A1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from tests.pages.known import Known
from tests.pages.showing import COLORS, LANGUAGE, SEEN, Screen
from tests.pages.visits import Visit, all_visits, visit_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

AUDIENCES = {
    "strangers": lambda visit: visit.role == "anonymous" and visit.is_for_customers,
    "customers": lambda visit: visit.role != "anonymous" and visit.is_for_customers,
    "companies and staff": lambda visit: not visit.is_for_customers,
}


def looked_at(screen: Screen, visit: Visit, world: dict[str, Any], known: Known) -> list[str]:
    """What is wrong with the page of `visit`, at both widths in both schemes, half of them in Spanish if it has any.

    Where the markup is `known`, only the words are new: then it is whether they fit a phone.
    """
    english = visit_page(visit, world, "en")
    screen.show(english)
    is_known = known.has(english.content.decode())
    found = screen.problems(320, "light", rules=[] if is_known else None)
    found += screen.problems(1280, "dark", rules=[] if is_known else COLORS)
    if visit.is_for_customers:
        screen.show(visit_page(visit, world, "es"))
    found += screen.problems(1280, "light", rules=[] if is_known else SEEN)
    found += screen.problems(320, "dark", rules=LANGUAGE if is_known else COLORS)
    return found + screen.heard()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_page_breaks_a_rule_of_accessibility_or_scrolls_sideways(screen, filled, audience) -> None:
    """A1: every URL for every audience, filled, empty and refused."""
    known = Known()
    found = {}
    for visit in filter(AUDIENCES[audience], all_visits()):
        if problems := looked_at(screen, visit, filled, known):
            found[str(visit)] = problems
    assert not found, "\n".join(f"{page}: {one}" for page, problems in found.items() for one in problems)


@pytest.mark.parametrize("role", ["anonymous", "customer", "member", "operator"])
def test_the_menus_of_the_header_break_no_rule(screen: Screen, filled: dict[str, Any], role: str) -> None:
    """A1, T2: open, over a page, as on a phone and as on a wide screen."""
    screen.show(visit_page(Visit("help", role, "", lambda client, _world: client.get(reverse("help"))), filled, "en"))
    screen.page.evaluate("() => document.querySelectorAll('.drop').forEach((menu) => menu.open = true)")
    found = screen.problems(320, "light", rules=None) + screen.problems(1280, "dark", rules=None)
    assert not found, "\n".join(found)


@pytest.mark.control
def test_control_another_element_attribute_or_style_sheet_makes_a_page_new() -> None:
    known, page = Known(), '<link rel="stylesheet" href="{}"><body><main {}>{}</main></body>'
    assert not known.has(page.format("a", 'id="1"', "<b>One</b>"))
    assert known.has(page.format("a", 'id="2"', "<b>Two</b>"))
    for new in (("b", 'id="1"', "<b>1</b>"), ("a", 'lang="es"', "<b>1</b>"), ("a", 'id="1"', "<b>1</b><br>")):
        assert not known.has(page.format(*new))


@pytest.mark.control
def test_control_a_pale_text_is_found_on_a_later_page_like_the_ones_before(screen) -> None:
    page = '<!doctype html><html lang="en"><title>Page</title><style>{}</style><main><h1>Page</h1><p>Text</p></main>'
    screen.show(HttpResponse(page.format("")))
    assert not screen.problems(320, "light", rules=None)
    for style in (
        "p { color: #999 }",
        "main { background: #555 }",
        "p { opacity: .3 }",
        "p { position: absolute; color: #999 }",
        "@media (min-width: 900px) { p { color: #999 } }",
        "@media (prefers-color-scheme: dark) { p { color: #999 } }",
    ):
        screen.show(HttpResponse(page.format(style)))
        seen = screen.problems(320, "light", rules=None) + screen.problems(1280, "dark", rules=COLORS)
        assert [one for one in seen if "color-contrast" in one], style


@pytest.mark.control
def test_control_what_is_wrong_with_a_page_is_found(screen) -> None:
    body = '<h1>Bad</h1><img src="/not-there"><p style="width: 40rem">Wide</p><p style="color: #999">Pale</p>'
    screen.show(HttpResponse(f"<!doctype html><html><title>Bad</title><body><main>{body}</main></body></html>"))
    found = " ".join(screen.problems(320, "light", rules=None) + screen.heard())
    for problem in ("image-alt", "html-has-lang", "color-contrast", "pixels too wide", "404"):
        assert problem in found
