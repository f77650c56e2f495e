"""Which of the portal's own sentences a page or an email says.

The sentences are the msgids that scripts/messages.py would extract. Each becomes a regular expression in a language,
with its placeholders as groups, and is searched in blocks of text: a paragraph, an item, a cell. What is no sentence
but a label has to be a whole block, or all between two tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from itertools import chain

from babel.messages.extract import extract
from django.utils import translation
from django.utils.translation.template import templatize

from scripts.messages import KEYWORDS, ROOT

# What speaks about an agreement: its pages, its emails and the modules with their words.
SOURCES = (
    "templates/agreements/*.html", "templates/agreements/letter.txt", "templates/agreements/customer/*.html",
    "templates/agreements/invitation/*.html", "templates/reports/customer/*.html",
    "templates/reports/third_party/agreement.html", "templates/reports/third_party/report.html",
    "templates/reports/third_party/status.html", "templates/agreements/third_party/accepted.html",
    "templates/reports/third_party/list_table.html", "templates/reports/third_party/under_review.html",
    "templates/reports/unavailable.html", "templates/reports/no_readings.html",
    "templates/reports/coverage.html", "templates/reports/readings.html",
    "templates/home/customer.html", "templates/home/third_party.html", "templates/companies/standing.html",
    "templates/emails/EM20*", "templates/emails/NOT_ACCEPTED*", "templates/emails/REVIEW*",
    "templates/emails/WITHDRAWN*", "templates/emails/DISAVOWED*",
    "templates/emails/DOWNLOADED*", "templates/emails/UNKNOWN*",
    "templates/admin/agreements/*/*.html", "templates/companies/unknown_rule.html",
    "agreements/emails.py", "agreements/third_party_wording.py", "agreements/reminders.py",
    "agreements/models/review.py",
    "agreements/models/report_options.py", "agreements/states.py", "reports/emails.py", "reports/models.py",
    "agreements/models/stage.py", "reports/third_party/*.py",
)  # fmt: skip
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%[sd]")
BLOCKS = {
    "p", "li", "h1", "h2", "h3", "td", "th", "dd", "dt", "div", "summary", "title", "section", "ul", "ol", "dl", "tr",
    "figcaption", "button", "caption", "br", "table", "form", "fieldset", "label", "blockquote",
}  # fmt: skip
UNREAD = {"script", "style", "svg", "select", "pre"}  # lists of choices, and the stored text of an earlier page
CLAIMED = "\x00"  # in the place of what a longer sentence has taken
VALUE = rf"(?:[^{CLAIMED}.]|\.(?! [A-Z¿¡]))"  # of a placeholder: within one sentence
# Placeholders for days and moments, and how these are written.
DAYS = {"asked", "at", "day", "ended", "ends", "first", "last", "since", "until"}
DAY = (
    r"(?:[A-Z]\w+ \d{1,2}, \d{4}|\d{1,2} de \w+ de \d{4}|\d\d/\d\d/\d{4})"
    r"(?:, \d{1,2}:\d\d [^,;]{2,5}?,? (?:Central Time|hora del centro|C[SD]T))?"
)
SENTENCE_END = r"(?![,\w]| [a-zñáéíóú])"  # not the stops of "3:20 p. m., hora del centro"


@dataclass(frozen=True)
class Pattern:
    """How sentences with one wording are recognized; two msgids may have the same translation."""

    regexp: re.Pattern[str]
    literal: str  # its longest part without placeholders: most texts do not have it
    msgids: tuple[str, ...]
    is_label: bool


@dataclass(frozen=True)
class Statement:
    """A sentence that a text says, with what it says in its placeholders."""

    msgids: tuple[str, ...]
    values: dict[str, str]
    text: str


@cache
def own_sentences() -> dict[str, str]:
    """Return every msgid of SOURCES with a file that has it; of a plural, the singular and the plural."""
    sentences: dict[str, str] = {}
    for path in chain.from_iterable(sorted(ROOT.glob(glob)) for glob in SOURCES):
        text = path.read_text()
        if path.suffix != ".py":
            text = "\n".join(line.strip() for line in templatize(text).splitlines())
        for _line, words, _comments, _context in extract("python", BytesIO(text.encode()), KEYWORDS):
            for msgid in (words,) if isinstance(words, str) else filter(None, words):
                sentences.setdefault(msgid, path.relative_to(ROOT).as_posix())
    return sentences


def is_label(msgid: str) -> bool:
    """Return whether `msgid` is a heading or a label, without a stop at its end."""
    return plain(msgid)[-1:] not in ".?!:"


def needs_fact(msgid: str) -> bool:
    """Return whether `msgid` may speak about a state: a sentence, or a label of more than three words."""
    return not is_label(msgid) or len(PLACEHOLDER.sub("", plain(msgid)).split()) > 3


@cache
def patterns(language: str, msgids: frozenset[str]) -> list[Pattern]:
    """Return how `msgids` are recognized in `language`, those with the longest wording first."""
    by_wording: dict[str, list[str]] = {}
    with translation.override(language):
        for msgid in msgids:
            by_wording.setdefault(plain(translated(msgid)), []).append(msgid)
    longest_first = sorted(by_wording, key=lambda wording: -len(PLACEHOLDER.sub("", wording)))
    return [
        Pattern(expression(wording), longest_literal(wording), tuple(sorted(by_wording[wording])), is_label(wording))
        for wording in longest_first
    ]


def longest_literal(wording: str) -> str:
    return max(PLACEHOLDER.sub(CLAIMED, wording).split(CLAIMED), key=len)


def translated(msgid: str) -> str:
    """Return `msgid` in the active language; gettext finds a plural under its singular only."""
    return translation.gettext(msgid)


def expression(wording: str) -> re.Pattern[str]:
    """Return a regular expression with a group for each placeholder of `wording`, the first of each name named."""
    parts, end, names = [], 0, set()
    for place in PLACEHOLDER.finditer(wording):
        parts.append(re.escape(wording[end : place.start()]))
        name = place[1] or place[2]
        value = DAY if name in DAYS else VALUE + ("+" if place.end() == len(wording) else "+?")
        parts.append(f"(?P<{name}>{value})" if name and name not in names else value)
        names.add(name)
        end = place.end()
    return re.compile("".join(parts) + re.escape(wording[end:]) + ("" if is_label(wording) else SENTENCE_END))


def statements(html: str, language: str, msgids: frozenset[str]) -> Iterator[Statement]:
    """Yield which of `msgids` are said in `html`: of two that fit the same words, the longer one."""
    reader = BlockReader()
    reader.feed(html)
    reader.end_block()
    labels = {label for block, leaves in reader.blocks for label in (block, *leaves)}
    whole = text = CLAIMED.join(block for block, _leaves in reader.blocks)
    for pattern in patterns(language, msgids):
        if pattern.literal not in (whole if pattern.is_label else text):
            continue
        if pattern.is_label:
            matches = [match for label in labels if (match := pattern.regexp.fullmatch(label))]
        else:
            matches = list(pattern.regexp.finditer(text))
            text = pattern.regexp.sub(CLAIMED, text)
        for match in matches:
            yield Statement(pattern.msgids, match.groupdict(), match[0])


def plain(wording: str) -> str:
    """Return `wording` without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", "", wording).split())


class BlockReader(HTMLParser):
    """Reads the text of a page as blocks, each with the texts between its tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, list[str]]] = []
        self.leaves: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unread += tag in UNREAD
        if tag in BLOCKS:
            self.end_block()

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD
        if tag in BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.leaves.append(data)

    def end_block(self) -> None:
        if text := " ".join("".join(self.leaves).split()):
            self.blocks.append((text, [" ".join(leaf.split()) for leaf in self.leaves if leaf.strip()]))
        self.leaves = []
