"""A company's name that ends with a full stop, as "Acme Inc.", keeps it within a sentence and loses it at the end."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

from scripts import messages

TEMPLATES = settings.BASE_DIR / "templates"
BLOCK = re.compile(r"{% blocktranslate (.*?)%}(.*?)(?:{% plural %}.*?)?{% endblocktranslate %}", re.DOTALL)
NAME = re.compile(r"(\w+)=([\w.]*(?:third_party_name|legal_name)(?:\|\w+)*)")


@pytest.fixture(scope="module")
def spanish() -> dict[str, str]:
    return {message.id: message.string for message in messages.kept() if isinstance(message.id, str)}


def wrong_stops(template: str, spanish: dict[str, str]) -> list[str]:
    """Return the sentences of `template` that print a company's stop twice, or not at all."""
    wrong = []
    for arguments, english in BLOCK.findall(template):
        for argument, source in NAME.findall(arguments):
            in_english = re.sub(r"{{ (\w+) }}", r"%(\1)s", english)
            for sentence in (in_english, spanish.get(in_english, "")):
                name = re.escape(f"%({argument})s")
                expected = r"\.(?!\w)" if "before_stop" in source else r"(?!\.(?!\w))"
                if len(re.findall(name, sentence)) != len(re.findall(name + expected, sentence)):
                    wrong.append(sentence)
    return wrong


def test_the_stop_of_a_name_is_printed_once(spanish):
    paths = [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
    wrong = {str(path.relative_to(TEMPLATES)): wrong_stops(path.read_text(), spanish) for path in paths}
    assert {path: sentences for path, sentences in wrong.items() if sentences} == {}, (
        "Write `|before_stop` where the name ends the sentence in both languages, and nowhere else."
    )


def test_control_a_second_stop_is_found():
    sentence = "{% blocktranslate with company=company.legal_name %}We told {{ company }}. Done.{% endblocktranslate %}"
    assert wrong_stops(sentence, {}) == ["We told %(company)s. Done."]
    assert not wrong_stops(sentence.replace("legal_name", "legal_name|before_stop"), {})
