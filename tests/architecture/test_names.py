"""Names: one class name has one meaning, and no name is a metaphor (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.source_files import ROOT, tracked

METAPHORS = re.compile(
    r"bells?|rooms?|houses?|doors?|sealed|looks|doubts?|marks|traces?|strays?|shown|turning|keeping|guardians?"
    r"|clockwork|children"
)
PARTICIPLES = re.compile(
    r"admissions|attaching|claiming|deciding|founding|initiating|joining|keeping|matching|moves|packing|reviewing"
)
# Names that Django, pytest and the protocols of Python give.
GIVEN = {"Meta", "Command", "Migration", "Params"}
FILES = [path for path in tracked("*.py") if "migrations" not in path.parts]


@cache
def nodes_of(source: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source)))


def defined_names(source: str) -> Iterator[str]:
    """Every name that the source defines: modules' variables, classes, functions, parameters, locals, attributes."""
    for node in nodes_of(source):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("test_"):  # a sentence, not a name
                yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def words(name: str) -> list[str]:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_")


def metaphors(source: str) -> set[str]:
    return {name for name in set(defined_names(source)) if any(METAPHORS.fullmatch(word) for word in words(name))}


def test_no_class_name_is_used_twice():
    """The portal and the client in clients/python never import each other, so each has its Agreement."""
    places = defaultdict(set)
    for path in FILES:
        if path.relative_to(ROOT).parts[0] == "clients":
            continue
        for node in nodes_of(path.read_text()):
            if isinstance(node, ast.ClassDef) and node.name not in GIVEN:
                places[node.name].add(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not {name: sorted(where) for name, where in places.items() if len(where) > 1}


def test_no_name_is_a_metaphor():
    found = {str(path.relative_to(ROOT)): metaphors(path.read_text()) for path in FILES}
    assert not {path: names for path, names in found.items() if names}


def test_no_module_is_named_by_a_metaphor_or_a_participle():
    stems = {path.stem for path in FILES}
    assert not [stem for stem in stems if PARTICIPLES.fullmatch(stem) or any(map(METAPHORS.fullmatch, words(stem)))]


@pytest.mark.control
@pytest.mark.parametrize("line", ["ring_bell = 1", "class SealedLink: pass", "def f(marks): pass", "x.shown = 1"])
def test_a_metaphor_is_found(line: str):
    assert metaphors(line)
