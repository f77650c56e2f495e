"""The documents agree with the code: ids, tests, links, file names and ADR numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from scripts import requirements_table
from scripts.requirements_table import PAGE, ROOT, code_by_id, ids_in, page, requirements, sentences, without_lines
from tests.support.source_files import tracked

DOCUMENTS = tracked("*.md")
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
# Documents that the project was built from and that are not part of it.
FOREIGN_DOCUMENTS = re.compile(r"\b(SPEC|DESIGN|FORMATS|WRITING)(\.md\b| section\b| \d| [A-Z]\d|\b(?=,|\)))")

pytestmark = pytest.mark.slow


def headings(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_requirement_has_a_test():
    untested = requirements().keys() - requirements_table.tests_by_id().keys()
    assert not untested, f"No test's docstring cites {', '.join(sorted(untested))}."


def test_every_requirement_is_cited_in_the_code():
    uncited = requirements().keys() - code_by_id().keys()
    assert not uncited, f"No docstring or comment of the product cites {', '.join(sorted(uncited))}."


def test_every_cited_id_is_in_the_specification():
    known = requirements().keys()
    unknown = {
        one: places for one, places in (code_by_id() | requirements_table.tests_by_id()).items() if one not in known
    }
    assert not unknown


def test_ranges_of_ids_are_read():
    assert ids_in("L1 to L3, EM201 to EM202 and (X2)") == {"L1", "L2", "L3", "EM201", "EM202", "X2"}
    assert not ids_in("E.164, X-Frame-Options, R2D2, section 3.A1.2")


def test_every_sentence_of_the_2012_design_has_its_place():
    for sentence in sentences():
        assert set(sentence.ids) <= requirements().keys(), sentence
        assert sentence.places or "not built" in sentence.text, sentence


def test_the_requirements_page_is_current():
    """Line numbers may lag behind by a commit."""
    current = without_lines(PAGE.read_text()) == without_lines(page())
    assert current, "Run: python scripts/requirements_table.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path):
    text = document.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _sign, anchor = target.partition("#")
        if "://" in path:
            continue
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), f"{document.name} links to {target}"
        if anchor and linked.suffix == ".md":
            assert anchor in headings(linked.read_text()), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path):
    named = re.findall(r"`([\w.-]+(?:/[\w.-]+)+\.\w+)`", document.read_text())
    made_by_running = ("var/",)
    missing = {name for name in named if not name.startswith(made_by_running) and not (ROOT / name).exists()}
    assert not missing


def test_every_document_that_the_code_names_exists():
    missing, foreign = [], []
    adrs = {int(path.name[:4]) for path in ADRS}
    for path in tracked("*.py", "*.html", "*.css", "*.js", "*.toml", "*.yml", "Makefile", "Dockerfile", ".env.example"):
        if path == Path(__file__):
            continue
        text = path.read_text()
        missing += [
            f"{path}: {name}" for name in re.findall(r"(?<!api/)\bdocs/[\w/.-]+\w", text) if not (ROOT / name).exists()
        ]
        missing += [f"{path}: ADR {number}" for number in re.findall(r"\bADR (\d+)", text) if int(number) not in adrs]
        foreign += [f"{path}: {match.group()}" for match in FOREIGN_DOCUMENTS.finditer(text)]
    assert not missing
    assert not foreign


def test_each_adr_has_its_own_number():
    numbers = [int(path.name[:4]) for path in ADRS]
    assert len(set(numbers)) == len(numbers)
    for path, number in zip(ADRS, numbers, strict=True):
        text = path.read_text()
        assert text.startswith(f"# {number}. ")
        assert [part for part in ("## Context", "## Decision", "## Consequences") if part not in text] == []


def test_every_page_of_the_documents_says_who_it_is_for():
    for path in (ROOT / "docs").glob("*.md"):
        _title, _blank, first_line = path.read_text().splitlines()[:3]
        assert re.match(r"(Reference )?[Ff]or ", first_line), path.name


def test_every_definition_that_the_architecture_names_exists():
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"\]\(\.\./([\w/]+\.py)\)\s+`(\w+)`", text)
    assert len(named) > 30
    missing = [
        f"{path} {name}"
        for path, name in named
        if not requirements_table.lines_that_define(name, (ROOT / path).read_text())
    ]
    assert not missing


@pytest.mark.parametrize("name", ["specification.md", "operating.md", "file-formats.md", "architecture.md"])
def test_every_setting_that_a_document_names_exists(name):
    named = set(re.findall(r"`([A-Z][A-Z_]{5,})`", (ROOT / "docs" / name).read_text()))
    environment = (ROOT / ".env.example").read_text()
    assert not {one for one in named if not hasattr(settings, one) and one not in environment}


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", document.read_text(), re.MULTILINE)) <= targets, document
