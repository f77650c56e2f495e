"""What a tagged PDF says, as a screen reader reads it: marked content without headers and footers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream


def plain_text(pdf: bytes) -> str:
    """Return the text of every page as a simple extractor finds it, with headers, footers and bullets."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def spoken_text(pdf: bytes) -> str:
    """Return the tagged text in the order of its tags, without white space, because lines wrap, and without bullets."""
    reader = PdfReader(io.BytesIO(pdf))
    pieces = {page.indirect_reference.idnum: _marked_text(page, reader) for page in reader.pages}
    text = "".join(_text_of_tag(reader.trailer["/Root"]["/StructTreeRoot"], None, pieces))
    return "".join(text.split())


def _text_of_tag(tag: Any, page: int | None, pieces: dict[int, dict[int, str]]) -> Iterator[str]:
    tag = tag.get_object()
    if isinstance(tag, list):
        for child in tag:
            yield from _text_of_tag(child, page, pieces)
    elif isinstance(tag, int):
        yield pieces[page or 0].get(tag, "")  # none is there of an empty box
    elif tag.get("/S") != "/Lbl":
        page = tag.raw_get("/Pg").idnum if "/Pg" in tag else page
        yield from _text_of_tag(tag["/MCID"] if "/MCID" in tag else tag.get("/K", []), page, pieces)


def _marked_text(page: Any, reader: PdfReader) -> dict[int, str]:
    """Return number of marked content -> its text."""
    fonts = {name: _letters_of_glyphs(font) for name, font in page["/Resources"]["/Font"].items()}
    letters: dict[int, str] = {}
    texts: dict[int, str] = {}
    number = -1  # of what is no content, such as a footer
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator == b"BDC":
            number = operands[1].get("/MCID", -1)
        elif operator == b"Tf":
            letters = fonts[operands[0]]
        elif operator in (b"Tj", b"TJ"):
            texts[number] = texts.get(number, "") + "".join(_decode(operands[0], letters))
    return texts


def _letters_of_glyphs(font: Any) -> dict[int, str]:
    """Return glyph number -> letters, from the font's ToUnicode table."""
    table = font.get_object()["/ToUnicode"].get_object().get_data().decode()
    letters: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            letters[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start, letter = int(first, 16), ord(bytes.fromhex(text).decode("utf-16-be"))
            letters |= {glyph: chr(letter + glyph - start) for glyph in range(start, int(last, 16) + 1)}
    return letters


def _decode(operand: Any, letters: dict[int, str]) -> list[str]:
    strings = operand if isinstance(operand, list) else [operand]
    raw = b"".join(string.original_bytes for string in strings if hasattr(string, "original_bytes"))
    return [letters[int.from_bytes(raw[at : at + 2], "big")] for at in range(0, len(raw), 2)]
