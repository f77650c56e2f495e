"""Templates and style sheets know the same classes: nothing on a page is without its look, and no rule is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.pages.classes import ROOT, classes, defined

# Django's own pages and emails have other style sheets.
FOREIGN = {"admin", "emails"}


def used() -> Iterator[tuple[str, str]]:
    """Each class with the file that names it."""
    templates = ROOT / "templates"
    for path in templates.rglob("*.html"):
        if path.relative_to(templates).parts[0] not in FOREIGN:
            yield from ((name, str(path.relative_to(ROOT))) for name in classes(path.read_text()))
    for name in settings.CRISPY_CLASS_CONVERTERS.values():
        yield name, "settings"
    for path in (ROOT / "lib" / "icons.py", ROOT / "reports" / "usage_chart.py"):
        yield from ((name, path.name) for name in classes(path.read_text()))


def test_every_class_of_a_template_is_in_a_stylesheet() -> None:
    known = defined()
    assert not sorted({f"{name} in {path}" for name, path in used() if name not in known})


def test_every_class_of_a_stylesheet_is_on_a_page() -> None:
    # reports.usage_chart names its bars by channel, crispy-forms the field for a file.
    from_code = {"bar-0", "bar-1", "beyond", "estimated-0", "estimated-1", "missing", "fileinput"}
    assert not sorted(defined() - {name for name, _path in used()} - from_code)


@pytest.mark.control
def test_control_classes_are_found_beside_template_tags() -> None:
    html = """<p class="a{% if x == 'y' %} b{% else %} c{% endif %} {{ kind }}"><i class='d e'>"""
    assert classes(html) == {"a", "b", "c", "d", "e"}


def test_rules_name_tokens_and_no_colors() -> None:
    """Light, dark and print change the tokens alone."""
    for path in (ROOT / "static" / "css").glob("*.css"):
        if path.name != "tokens.css":
            rules = re.sub(r"--[\w-]+: [^;]+;", "", path.read_text())  # paper sets the tokens anew
            assert not re.findall(r"#[0-9a-f]{3,8}\b|\brgb", rules), path.name
