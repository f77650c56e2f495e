"""Writing systems in a name: a letter of another one can pass for a Latin letter (E3, T13)."""

from __future__ import annotations

import unicodedata

_NO_SCRIPT = {"FEMININE", "MASCULINE", "MODIFIER", ""}  # ordinal signs and letters of no script


def scripts_of(name: str) -> list[str]:
    """Return the scripts of the letters of `name`, such as ["Cyrillic", "Latin"], by the names Unicode gives them."""
    letters = (one for one in unicodedata.normalize("NFC", name) if one.isalpha())
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    return sorted(script.capitalize() for script in scripts - _NO_SCRIPT)


def lookalike_scripts(name: str) -> str:
    """Return the scripts of a name that is not written in Latin letters alone; empty if it is."""
    scripts = scripts_of(name)
    return "" if scripts in ([], ["Latin"]) else ", ".join(scripts)
