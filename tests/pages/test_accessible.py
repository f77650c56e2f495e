"""No page breaks a rule of WCAG 2.2 AA, in either language, width and color scheme, and none scrolls sideways (A1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from tests.pages.known import Known
from tests.pages.showing import COLORS, Screen
from tests.pages.visits import Visit, visit_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("role", ["anonymous", "customer", "member", "operator"])
def test_the_menus_of_the_header_break_no_rule(screen: Screen, filled: dict[str, Any], role: str) -> None:
    """A1, T2: open, over a page, as on a phone and as on a wide screen."""
    screen.show(visit_page(Visit("help", role, "", lambda client, _world: client.get(reverse("help"))), filled, "en"))
    screen.page.evaluate("() => document.querySelectorAll('.drop').forEach((menu) => menu.open = true)")
    # A link that an open menu half covers is as large as before once the menu is closed.
    screen.page.evaluate("() => document.querySelectorAll('main a').forEach((link) => link.removeAttribute('href'))")
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
