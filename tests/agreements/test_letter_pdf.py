"""The letter of authorization as PDF: every letter, tags, equal bytes, nothing of others as markup (A1, E3, EM203)."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import typst
from django.conf import settings
from django.core.exceptions import ValidationError
from pypdf import PdfReader

from agreements import actions, letter_pdf, loa
from agreements.models import Agreement, Letter
from agreements.request import Person
from agreements.states import Channel
from lib import letter_font
from lib.form_fields import NameField
from tests.factories import MembershipFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.pdf_text import plain_text, spoken_text

HEADING = "## Letter of authorization\n"
HOSTILE = (
    r'#import "@preview/x:1.0.0" $x^2$ *bold* _it_ @ref <label> \ // /* `raw` = # - + [ ] { } #{1+1} https://a.example'
)
RANGES = [(0x20, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF)]


def letter_of(text: str, language: str = "en") -> Letter:
    """A letter that nobody stored."""
    signed_at = datetime(2026, 6, 15, 12, tzinfo=UTC)
    sha256 = hashlib.sha256(loa.printed_text(text).encode()).hexdigest()
    agreement = Agreement(number="102300000012")
    return Letter(agreement=agreement, version="1", language=language, text=text, sha256=sha256, signed_at=signed_at)


def squeezed(text: str) -> str:
    """`text` without white space, because lines wrap."""
    return "".join(text.split())


def accepted_names() -> list[str]:
    """Names, each with one letter that the forms accept in it: Latin, Vietnamese, Greek and Cyrillic ones."""
    field, names = NameField(label="Name", max_length=60), []
    for first, last in RANGES:
        for code in range(first, last + 1):
            try:
                names.append(field.clean(f"A{chr(code)}b"))
            except ValidationError:
                continue
    return names


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_letter_that_a_form_accepts_is_printed(language):
    """A1: and the hash on the page is of this text."""
    names = accepted_names()
    assert len(names) > 1100
    for start in range(0, len(names), 600):
        text = HEADING + "".join(f"= Name: {name}\n" for name in names[start : start + 600])
        letter = letter_of(text, language)
        pdf = letter_pdf.as_pdf(letter)
        assert spoken_text(pdf) == squeezed(loa.printed_text(letter.text))
        assert letter.sha256 in plain_text(pdf)


def test_simple_programs_read_every_letter_too():
    """A1: those that copy text in the order of the page and know nothing of tags."""
    names = accepted_names()
    text = HEADING + "".join(f"{' '.join(names[start : start + 10])}\n" for start in range(0, len(names), 10))
    found = squeezed(plain_text(letter_pdf.as_pdf(letter_of(text))))
    assert [name for name in names if squeezed(name) not in found] == []


def test_what_the_forms_refuse_has_no_glyph():
    """A1: neither more nor less is refused than the font lacks, beside what a name may not have anyway."""
    field = NameField(label="Name", max_length=60)
    for refused in ("李小龙", "Zoë 😀", "محمد", "राज", "דוד", "ジョン", "Q\u0301abc"):
        with pytest.raises(ValidationError) as caught:
            field.clean(refused)
        (error,) = caught.value.error_list
        assert error.code == "unprintable" and set(error.params["letters"]) <= set(refused)
    for accepted in (
        "Nguyễn Thị Ánh",
        "Ọlaṣubọmi",
        "Łukasz Żółć",
        "Ştefănescu",
        "Γιώργος",
        "Дмитрий",
        "Əliyev",
        "D’Arcy",
    ):
        assert field.clean(accepted) == unicodedata.normalize("NFC", accepted)


@pytest.mark.control
def test_control_a_letter_that_the_font_lacks_is_never_dropped():
    """A1, X4: if the text had not been replaced, there would be no PDF."""
    with pytest.raises(typst.TypstError):
        letter_pdf.as_pdf(letter_of(HEADING + "Name: 李小龙\n"))


@pytest.mark.control
def test_control_without_the_font_there_is_no_pdf(monkeypatch):
    """A1: Typst only warns, and prints an empty page."""
    monkeypatch.setattr(letter_font, "FAMILY", "Missing Sans")
    with pytest.raises(letter_pdf.LetterNotSet):
        letter_pdf.as_pdf(letter_of(HEADING + "Rosa\n"))


@pytest.mark.django_db
def test_what_files_and_older_records_say_is_replaced_visibly():
    """A1: in the stored text, so that page, PDF and hash agree. The suffix on record is in the name."""
    claim, meter = registered_customer()
    claim.customer.user.first_name, claim.customer.suffix = "李 Bruce", "Jr."
    claim.customer.user.save()
    claim.customer.save()
    claim.premise.address = "12 Straße 😀"
    claim.premise.save()
    member = MembershipFactory(company__legal_name="## Acme: = x").user
    (agreement,) = initiate(member, meter, registered=True, person=Person(email=claim.customer.user.email))
    letter = actions.accept(agreement, channel=Channel.ACCOUNT).letter
    assert f"= Name: [U+674E] Bruce {claim.customer.user.last_name} Jr.\n" in letter.text
    assert "12 Straße [U+1F600], " in letter.text
    assert hashlib.sha256(loa.printed_text(letter.text).encode()).hexdigest() == letter.sha256
    pdf = letter_pdf.as_pdf(letter)
    assert spoken_text(pdf) == squeezed(loa.printed_text(letter.text))
    assert letter.sha256 in plain_text(pdf)
    headings = [lines[0] for kind, lines in loa.blocks(letter) if kind == "heading"]
    assert not [heading for heading in headings if "Acme" in heading], "a company's name made a heading"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("channel", "words"), [(Channel.INVITATION, "the link in the email to rosa@"), (Channel.ACCOUNT, "my account")]
)
def test_says_by_which_channel_it_was_accepted(channel, words):
    (agreement,) = initiate(MembershipFactory().user)
    assert f"= Accepted through: {words}" in actions.accept(agreement, channel=channel).letter.text


def test_text_of_others_is_printed_as_it_is():
    """E3: nothing of it is markup, and no word is a link."""
    pdf = letter_pdf.as_pdf(letter_of(f"{HEADING}{HOSTILE}\n- {HOSTILE}\n= {HOSTILE}: {HOSTILE}\n## {HOSTILE}\n"))
    assert spoken_text(pdf).count(squeezed(HOSTILE)) == 5
    assert all("/Annots" not in page for page in PdfReader(io.BytesIO(pdf)).pages)


def test_long_words_stay_on_the_paper():
    """A1: names, email addresses and links without a space, in the sentences, the values and the labels."""
    word = "W" * 250
    pdf = letter_pdf.as_pdf(letter_of(f"{HEADING}I, {word}, authorize\n- {word}\n= Address given by {word}: {word}\n"))
    ends = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=lambda text, _cm, tm, _font, size: ends.append(tm[4] + size * len(text.strip())))
    assert spoken_text(pdf).count(word) == 4
    assert max(ends) < 612


@pytest.mark.parametrize(("language", "title"), [("en", "Letter of authorization"), ("es", "Carta de autorización")])
def test_is_tagged_for_screen_readers(language, title):
    """A1: PDF/UA-1 with language and title; headings are headings, points a list."""
    pdf = letter_pdf.as_pdf(letter_of(f"## {title}\nRosa\n## Customer\n- one\n- two\n= Name: Rosa\n", language))
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"].value and root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert reader.metadata is not None and reader.metadata.title == f"{title} 102300000012"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    kinds = list(tags(root["/StructTreeRoot"]))
    assert [kind for kind in kinds if kind.startswith("/H")] == ["/H1", "/H2"]
    assert kinds.count("/LI") == 2


def tags(element) -> list[str]:
    """The kinds of a structure tree's elements, in reading order."""
    element = element.get_object()
    if isinstance(element, list):
        return [kind for child in element for kind in tags(child)]
    if not isinstance(element, dict):
        return []
    return ([str(element["/S"])] if "/S" in element else []) + (tags(element["/K"]) if "/K" in element else [])


LETTER_OF_ANOTHER_PROCESS = """
import hashlib, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
import django
django.setup()
from agreements import letter_pdf
from tests.agreements.test_letter_pdf import HEADING, letter_of
print(hashlib.sha256(letter_pdf.as_pdf(letter_of(HEADING + "Rosa Delgado\\n"))).hexdigest())
"""


@pytest.mark.slow
def test_each_computer_makes_the_same_bytes_and_writes_no_file(tmp_path):
    """EM203, O1: no cache, no temporary file, no setting of the computer; a server's disk may be read-only."""
    home = tmp_path / "home"
    home.mkdir()
    # Coverage would write its own file.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    env = inherited | {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home), "TZ": "Asia/Tokyo"}
    env |= {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "es_MX.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", LETTER_OF_ANOTHER_PROCESS], env=env, cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    pdf = letter_pdf.as_pdf(letter_of(HEADING + "Rosa Delgado\n"))
    assert done.stdout.strip() == hashlib.sha256(pdf).hexdigest()
    assert list(home.iterdir()) == []


def test_threads_set_letters_at_once():
    """EM203: the web server has threads, and a compiler serves one."""
    letters = [letter_of(f"{HEADING}Rosa {number}\n") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        at_once = list(threads.map(letter_pdf.as_pdf, letters * 4))
    assert at_once == [letter_pdf.as_pdf(letter) for letter in letters] * 4


def test_nothing_is_logged(caplog, capfd):
    """X4: neither by Typst nor by the reader of the font, also where letters had to be replaced."""
    caplog.set_level(logging.DEBUG)
    letter_font.printable_letters.cache_clear()
    letter_pdf.as_pdf(letter_of(HEADING + letter_font.printable("Rosa 李") + "\n"))
    assert "".join(capfd.readouterr()) == ""
    assert [record for record in caplog.records if "Rosa" in record.getMessage() or "李" in record.getMessage()] == []


def test_long_letters_are_numbered():
    text = HEADING + "".join(f"- {number} point\n" for number in range(120))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(letter_pdf.as_pdf(letter_of(text)))).pages]
    assert len(pages) > 1
    assert [f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, 1)] == [True] * len(pages)
    assert all(letter_of(text).sha256 in page for page in pages)
