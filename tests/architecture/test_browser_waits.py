"""No browser test asks a page that may not stand yet: it says what it expects, and Playwright waits for it.

`page.inner_text(...)` after a click reads the old page, the half new one or the new one, as fast as the machine is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source_files import tracked

INSTEAD = {
    "is_visible": "expect(...).to_be_visible()",
    "is_hidden": "expect(...).to_be_hidden()",
    "is_checked": "expect(...).to_be_checked()",
    "is_enabled": "expect(...).to_be_enabled()",
    "is_disabled": "expect(...).to_be_disabled()",
    "is_editable": "expect(...).to_be_editable()",
    "inner_text": "expect(...).to_have_text() or .to_contain_text()",
    "all_inner_texts": "expect(...).to_have_text([...])",
    "inner_html": "expect(...).to_contain_text()",
    "text_content": "expect(...).to_have_text() or .to_contain_text()",
    "all_text_contents": "expect(...).to_have_text([...])",
    "input_value": "expect(...).to_have_value()",
    "get_attribute": "expect(...).to_have_attribute()",
    "count": "expect(...).to_have_count()",
    "url": "expect(page).to_have_url()",
    "title": "expect(page).to_have_title()",
    "activeElement": "expect(...).to_be_focused()",
}
LOCATING = ("locator(", "get_by_")


def hasty(source: str) -> Iterator[str]:
    """What a browser test asks without waiting, by line, and what to write instead."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert | ast.Call):
            for name in _asked(node):
                yield f"line {node.lineno}: {name} does not wait. Write {INSTEAD[name]}"


def _asked(node: ast.Assert | ast.Call) -> Iterator[str]:
    if isinstance(node, ast.Assert):
        for part in ast.walk(node.test):
            if isinstance(part, ast.Attribute) and part.attr == "url" and "live_server" not in ast.unparse(part):
                yield "url"
            if isinstance(part, ast.Constant) and "activeElement" in str(part.value):
                yield "activeElement"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name, of = node.func.attr, ast.unparse(node.func.value)
        if name in ("count", "title"):  # words of other objects, too
            if any(part in of for part in LOCATING) or of.endswith("page"):
                yield name
        elif name in INSTEAD:
            yield name


def browser_tests() -> list[Path]:
    """The modules that look into a page, but for this one."""
    return [
        path
        for path in tracked("tests/*.py")
        if path != Path(__file__) and ("playwright" in (text := path.read_text()) or "mark.browser" in text)
    ]


def test_every_browser_test_waits_for_what_it_expects() -> None:
    found = [f"{path.name}, {one}" for path in browser_tests() for one in hasty(path.read_text())]
    assert not found, "\n".join(found)
    assert len(browser_tests()) > 10


@pytest.mark.control
@pytest.mark.parametrize(
    "line",
    [
        'assert page.locator("h1").is_visible()',
        'assert not page.is_checked("#id_attested")',
        'assert page.locator("tr").count() == 3',
        'assert hands.page.inner_text("h1").startswith("Home")',
        'assert page.get_by_role("row").count() == 1',
        'words = [one.text_content() for one in page.locator("a").all()]',
        'assert "/submitted/" in page.url',
        'assert page.title() == "Home"',
        'assert page.evaluate("document.activeElement.id") == "main"',
    ],
)
def test_control_a_browser_test_that_does_not_wait_is_found(line: str) -> None:
    assert len(list(hasty(line))) == 1


def test_what_waits_and_what_is_no_page_is_left_alone() -> None:
    fine = """
expect(page.locator("h1")).to_be_visible()
assert Agreement.objects.count() == 2 and kinds.count("x") == 1
page.goto(live_server.url + path)
assert str(live_server.url).startswith("http")
"""
    assert list(hasty(fine)) == []
