"""Names whose letters can pass for others (E3)."""

from __future__ import annotations

import pytest

from lib.name_scripts import lookalike_scripts


@pytest.mark.parametrize("name", ["Oncor Électric 2 LLC", "Compañía 1ª", "Müller & Söhne", "123", "Ste\u0301phane"])
def test_latin_names_pass(name):
    assert lookalike_scripts(name) == ""


@pytest.mark.parametrize(
    ("name", "scripts"), [("Onc\u043er", "Cyrillic, Latin"), ("АСМЕ", "Cyrillic"), ("Οncor", "Greek, Latin")]
)
def test_letters_of_other_scripts_are_named(name, scripts):
    assert lookalike_scripts(name) == scripts
