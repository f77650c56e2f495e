"""Write docs/requirements.md: for each requirement and each sentence of the 2012 design its code and its tests.

    python scripts/requirements_table.py        write the page
    python scripts/requirements_table.py --stale    exit with 1 if the page is stale, and write nothing

Requirements are the headings `### L1. Title` of docs/specification.md. They are found in docstrings and comments of the
product and in docstrings of the tests. The sentences of the design are in docs/design-2012.toml, with the places that
implement them: `agreements over_limit` is a definition in that package or module, and
`templates/x.html: some text` the first line with that text.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "requirements.md"
SPECIFICATION = ROOT / "docs" / "specification.md"
DESIGN = ROOT / "docs" / "design-2012.toml"

NOT_THE_PRODUCT = {"tests", "bench", "demo", "local", "scripts", "docs", "locale", "requirements", "static", "var"}
MAX_CODE_PLACES = 8
MAX_TEST_PLACES = 4

_HEADING = re.compile(r"^### (EM20[1-5]|[A-Z]\d{1,2})\. (.+)$", re.MULTILINE)
_ID = re.compile(
    r"(?<![\w.-])(EM20[1-9]|[LTCERDAXOMPVWK]\d{1,2})(?:\s+to\s+([LTCERDAXOMPVWK]\d{1,2}|EM20[1-9]))?(?![\w-]|\.\d)"
)
_TEMPLATE_COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|{#.*?#}|/\*.*?\*/", re.DOTALL)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Place(NamedTuple):
    """A line of a file, with the definition that encloses it (empty: the module)."""

    path: str
    line: int
    name: str

    @property
    def link(self) -> str:
        label = f"{self.path}:{self.line}" + (f" {self.name}" if self.name else "")
        return f"[{label}](../{self.path}#L{self.line})"


class Sentence(NamedTuple):
    """A sentence of the 2012 design: its number there, what it says, the ids it is built under, and where."""

    source: str
    text: str
    ids: tuple[str, ...]
    places: tuple[Place, ...]


@cache
def requirements() -> dict[str, str]:
    """`{id: title}` in the order of the specification."""
    return dict(_HEADING.findall(SPECIFICATION.read_text()))


def ids_in(text: str) -> set[str]:
    """The ids that `text` cites, ranges such as `L1 to L8` included, whether they exist or not."""
    ids = set()
    for first, last in _ID.findall(text):
        ids.add(first)
        if last:
            letters, start, end = (
                first.rstrip("0123456789"),
                int(first.lstrip("LTCERDAXOMPVWK")),
                int(re.sub(r"\D", "", last)),
            )
            ids |= {f"{letters}{number}" for number in range(start, end + 1)}
    return ids


@cache
def product_files() -> list[Path]:
    """Python modules, templates and style sheets of the product, without migrations."""
    tops = [top for top in ROOT.iterdir() if top.is_dir() and top.name not in NOT_THE_PRODUCT and top.name[0] != "."]
    modules = [path for top in sorted(tops) for path in sorted(top.rglob("*.py")) if "migrations" not in path.parts]
    others = (("templates", "*.*"), ("static", "*.css"), ("static", "*.js"))
    return modules + [path for top, pattern in others for path in sorted((ROOT / top).rglob(pattern))]


def citations(path: Path) -> Iterator[tuple[str, Place]]:
    """Each id that a docstring or comment of the product file cites, with its place."""
    relative = str(path.relative_to(ROOT))
    if path.suffix != ".py":
        text = path.read_text()
        for comment in _TEMPLATE_COMMENT.finditer(text):
            line = text.count("\n", 0, comment.start()) + 1
            yield from ((one, Place(relative, line, "")) for one in ids_in(comment.group()))
        return
    source = path.read_text()
    definitions = _definitions(source)
    for line, name, text in _docstrings(source, definitions):
        yield from ((one, Place(relative, line, name)) for one in ids_in(text))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            inside = [name for name, node in definitions if node.lineno <= token.start[0] <= (node.end_lineno or 0)]
            place = Place(relative, token.start[0], inside[-1] if inside else "")
            yield from ((one, place) for one in ids_in(token.string))


@cache
def code_by_id() -> dict[str, list[Place]]:
    """`{id: places}`: definitions first, then whole modules; unknown ids included."""
    places: dict[str, set[Place]] = {}
    for path in product_files():
        for one, place in citations(path):
            places.setdefault(one, set()).add(place)
    return {one: sorted(where, key=lambda place: (not place.name, place)) for one, where in places.items()}


@cache
def tests_by_id() -> dict[str, list[Place]]:
    """`{id: test functions}` by the docstrings of the functions, or of their class; unknown ids included."""
    places: dict[str, list[Place]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        definitions = _definitions(path.read_text())
        docs = {name: ast.get_docstring(node) or "" for name, node in definitions}
        for name, node in definitions:
            if node.name.startswith("test_") and not isinstance(node, ast.ClassDef):
                text = docs[name] + " " + docs.get(name.rpartition(".")[0], "")
                for one in ids_in(text):
                    places.setdefault(one, []).append(Place(str(path.relative_to(ROOT)), node.lineno, name))
    return places


@cache
def sentences() -> list[Sentence]:
    """The sentences of the design. LookupError for a place that does not exist."""
    entries = tomllib.loads(DESIGN.read_text())["sentence"]
    return [
        Sentence(entry["source"], entry["text"], tuple(entry["ids"]), tuple(map(find_place, entry["code"])))
        for entry in entries
    ]


def find_place(text: str) -> Place:
    """`agreements over_limit`, `agreements.actions accept` or `templates/x.html: some text` as a place."""
    path, separator, fragment = text.partition(": ")
    if separator:
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            if fragment in line:
                return Place(path, number, "")
        raise LookupError(f"{DESIGN.name}: no line of {path} has the text “{fragment}”.")
    package, _space, name = text.partition(" ")
    module = package.replace(".", "/")
    places = [
        Place(str(path.relative_to(ROOT)), line, name)
        for path in product_files()
        if path.suffix == ".py" and f"{path.relative_to(ROOT)}".startswith((f"{module}/", f"{module}.py"))
        for line in lines_that_define(name, path.read_text())
    ]
    if len(places) != 1:
        raise LookupError(f"{DESIGN.name}: {package} defines {name} {len(places)} times.")
    return places[0]


def lines_that_define(name: str, source: str) -> list[int]:
    """The lines of the function, class, attribute or constant with this qualified name."""
    if lines := [node.lineno for defined, node in _definitions(source) if defined == name]:
        return lines
    outer, _dot, inner = name.rpartition(".")
    bodies = (
        [node.body for defined, node in _definitions(source) if defined == outer] if outer else [_module(source).body]
    )
    return [
        statement.lineno
        for body in bodies
        for statement in body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name) and target.id == inner
    ]


def page() -> str:
    """docs/requirements.md as it should be."""
    code, tests = code_by_id(), tests_by_id()
    lines = [
        "# Requirements: code and tests",
        "",
        "For everybody who looks for the code of a sentence: find it here, and follow the link to its line.",
        "",
        "* [The 2012 design](#the-2012-design): each of its rules and pages, and the code that implements it",
        "* [Requirements](#requirements): each id of the [specification](specification.md), its code and its tests",
        "",
        "Written by `python scripts/requirements_table.py` from docs/design-2012.toml, docs/specification.md,",
        "docstrings and comments. Tests fail when an id has no test, a place does not exist, or this page is stale.",
        "",
        "## The 2012 design",
        "",
        "| 2012 | what it says | id | code |",
        "|---|---|---|---|",
    ]
    for source, text, ids, places in sentences():
        linked = ", ".join(_specification_link(one) for one in ids)
        lines.append(f"| {source} | {text} | {linked} | {_cell(places)} |")
    lines += ["", "## Requirements", "", "| id | what | code | tests |", "|---|---|---|---|"]
    for one, title in requirements().items():
        link = _specification_link(one)
        code_cell, tests_cell = _cell(code.get(one, []), MAX_CODE_PLACES), _cell(tests.get(one, []), MAX_TEST_PLACES)
        lines.append(f"| {link} | {title} | {code_cell} | {tests_cell} |")
    return "\n".join(lines) + "\n"


def without_lines(text: str) -> str:
    """`text` without line numbers: code that moves within its file does not make the page stale."""
    return re.sub(r"#L\d+|(?<=[a-z]):\d+", "", text)


@cache
def _module(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def _definitions(source: str) -> list[tuple[str, _Definition]]:
    """Functions and classes as (qualified name, node), the outer before the inner."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Definition]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Definition):
                yield prefix + child.name, child
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    return list(walk(_module(source), ""))


def _docstrings(source: str, definitions: list[tuple[str, _Definition]]) -> Iterator[tuple[int, str, str]]:
    yield 1, "", ast.get_docstring(_module(source)) or ""
    for name, node in definitions:
        yield node.lineno, name, ast.get_docstring(node) or ""


def _specification_link(one: str) -> str:
    slug = re.sub(r"[^a-z0-9 _-]", "", f"{one}. {requirements()[one]}".lower()).replace(" ", "-")
    return f"[{one}](specification.md#{slug})"


def _cell(places: list[Place] | tuple[Place, ...], limit: int = 100) -> str:
    more = f"<br>and {len(places) - limit} more" if len(places) > limit else ""
    return "<br>".join(place.link for place in places[:limit]) + more


if __name__ == "__main__":
    if "--stale" in sys.argv:
        sys.exit(PAGE.read_text() != page())
    PAGE.write_text(page())
