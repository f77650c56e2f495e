"""The font of letters of authorization, and which letters it prints (A1).

Noto Sans prints the Latin, Greek and Cyrillic alphabets. It also has Devanagari and accents that combine with any
letter, but the text copied out of such a PDF is not the text that was printed, so they are left out. Accents of one
character with their letter, such as those of Vietnamese, are in.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont

FAMILY = "Noto Sans"
FOLDER = Path(str(files("fontpkg_noto_sans"))) / "files"


@cache
def printable_letters() -> frozenset[str]:
    """Return every character that a letter of authorization prints, in composed form (NFC)."""
    with TTFont(FOLDER / "NotoSans[wdth,wght].ttf", lazy=True) as font:
        letters = map(chr, font.getBestCmap())
    return frozenset(
        letter
        for letter in letters
        if unicodedata.category(letter)[0] not in "CM"
        and unicodedata.category(letter) not in ("Zl", "Zp")
        and not unicodedata.name(letter, "").startswith("DEVANAGARI")
    )


def unprintable_letters(text: str) -> str:
    """Return the letters of `text` that a letter of authorization cannot print, each once, in order."""
    letters: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if letters and unicodedata.combining(character):
            letters[-1] += character
        else:
            letters.append(character)
    return "".join(dict.fromkeys(letter for letter in letters if not printable_letters().issuperset(letter)))


def printable(text: str) -> str:
    """Return one line of text with each unprintable character as its code, such as [U+674E]: none is dropped."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if letter in printable_letters() else f"[U+{ord(letter):04X}]" for letter in composed)
