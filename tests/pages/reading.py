"""What people read on a page or in an email, in pieces, and which of it is English."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# What stands on pages in either language: names and numbers of the tests' world, and words that nobody translates.
DATA = re.compile(
    r"""\S+@\S+ | \bsmt-\S+\.(csv|json|pdf) | https?://\S+ | /\S+/ | [A-Za-z0-9_-]{22,}
    | The\ Very\ Long\ Named.*?LLC | Green\ Energy\ Services\ \d+
    | Lone\ Star\ Delivery\ \d+ | James(\ Wilson)? | Wilson | Chika(\ Akin)? | Akin | Rosa(\ M)?(\ Delgado)? | Delgado
    | \b(user|newcomer|rosa\.delgado)\d* | 400\ N\ Olive\ Street | Sunnyvale | 206\ Boxwood\ Drive | Baytown
    | Smart\ Meter\ Texas | Transmission\ and\ Distribution\ Service\ Provider | It\ is\ not\ clear\.
    | Maintenance\ on\ Sunday\ \d+ | Llámenos\ si\ tiene\ preguntas\. | Teléfono
    | \b(ESIID|ESI\ ID|CSV|TDSP|UTC|TX|DUNS|LOA|SHA-256|PDF|QR|JavaScript|ERCOT|Firefox|C[SD]T|AM|PM|kWh)\b
    | \b(JSON|XML|Green\ Button)\b | \d+[.,:/\d-]*""",
    re.VERBOSE,
)
# Words without which no English sentence is made, and which no Spanish sentence has; and the months.
ENGLISH = re.compile(
    r"\b(the|and|you|your|is|are|of|to|for|with|this|that|was|were|not|it|by|on|at|from|will|be|have|or|an|if|we|our|"
    r"they|its|their|only|which|what|who|when|where|how|can|may|must|January|February|April|June|July|August|"
    r"September|October|November|December)\b",
    re.IGNORECASE,
)
# The same word in both languages.
SAME = {"Error", "Error:", "No", "Total"}
ATTRIBUTES = ("alt", "aria-label", "placeholder", "title", "value")


class _Pieces(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.language = ""
        self.elsewhere: list[str] = []  # open elements in another language, or not for reading

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        foreign = given.get("lang", self.language) != self.language or tag in ("style", "script", "svg")
        foreign = foreign or given.get("translate") == "no"
        if (self.elsewhere or foreign) and tag not in ("br", "img", "input", "meta", "link", "hr", "wbr"):
            self.elsewhere.append(tag)
        if foreign or self.elsewhere:
            return
        names = ATTRIBUTES if tag != "input" or given.get("type") == "submit" else ATTRIBUTES[:-1]
        self.found += [given[name] or "" for name in names if name in given and tag not in ("option", "button")]

    def handle_endtag(self, tag: str) -> None:
        if self.elsewhere and self.elsewhere[-1] == tag:
            self.elsewhere.pop()

    def handle_data(self, data: str) -> None:
        if not self.elsewhere:
            self.found.append(data)


def pieces(html: str) -> list[str]:
    """Texts and readable attributes of a page, but for parts that say they are in another language."""
    reader = _Pieces()
    reader.feed(html)
    return [" ".join(piece.split()) for piece in reader.found if piece.strip()]


def words(piece: str) -> str:
    """`piece` without data."""
    return " ".join(DATA.sub(" ", piece).split())


def english_in(spanish: list[str], english: list[str], same: set[str]) -> list[str]:
    """What of the `spanish` page is as on the `english` one, or has an English word in it; `same` may be."""
    untranslated = set(english)
    return [
        piece
        for piece in spanish
        if re.search(r"[^\W\d_]{2,}", words(piece))
        and piece not in same
        and (piece in untranslated or ENGLISH.search(words(piece)))
    ]
