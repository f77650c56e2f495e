"""The catalogue of Spanish is whole: what customers may see and what is translated are the same sentences (C6)."""

from __future__ import annotations

import re
from fnmatch import fnmatch

import pytest
from babel.messages.catalog import Message
from django.utils import translation

from scripts import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|\{\w*\}|</?\w+[^>]*>")
ADVICE = "Run `make messages`, then write the Spanish into locale/es/LC_MESSAGES/django.po and run it again."


def sentences(catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {(message.context, message.id) for message in catalog if message.id}


def forms(message: Message) -> list[tuple[str, str]]:
    """English and Spanish of each grammatical number."""
    if isinstance(message.id, tuple):
        return list(zip(message.id, message.string, strict=True))
    return [(message.id, message.string)]


@pytest.fixture(scope="module")
def spanish():
    return messages.kept()


def test_every_sentence_a_customer_may_see_is_in_the_catalogue_and_no_other(spanish) -> None:
    """C6: a new sentence fails here unless its file is named as English only."""
    in_sources, in_catalogue = sentences(messages.found()), sentences(spanish)
    assert in_sources - in_catalogue == set(), ADVICE
    assert in_catalogue - in_sources == set(), ADVICE


def test_every_sentence_has_its_spanish_and_none_is_a_guess(spanish) -> None:
    """C6."""
    assert [message.id for message in spanish if message.id and not messages.is_translated(message)] == [], ADVICE


def test_what_is_filled_in_and_marked_up_is_the_same_in_both_languages(spanish) -> None:
    for message in spanish:
        for english, translated in forms(message) if message.id else ():
            assert sorted(PLACEHOLDER.findall(english)) == sorted(PLACEHOLDER.findall(translated)), english


def test_a_translation_begins_and_ends_as_the_sentence_does(spanish) -> None:
    """What stands around it counts on that: a full stop, a colon, a space."""
    for message in spanish:
        for english, translated in forms(message) if message.id else ():
            for at in (0, -1):
                assert english[at].isspace() == translated[at].isspace(), english
            if not english.endswith(("AM", "PM")):  # Spanish abbreviates them
                assert (english[-1] in ".:?!") == (translated[-1] in ".:?!"), english
            assert english.count("\n") == translated.count("\n"), english


def test_it_says_usted_and_opens_its_questions(spanish) -> None:
    """Formal Spanish, as a utility writes to its customers."""
    familiar = re.compile(r"\b(tú|tu|tus|ti|contigo|tienes|puedes|quieres|haz clic|debes)\b", re.IGNORECASE)
    for message in spanish:
        for _english, translated in forms(message) if message.id else ():
            assert not familiar.search(translated), translated
            assert translated.count("?") == translated.count("¿"), translated


def test_the_compiled_catalogue_is_that_of_the_text(spanish) -> None:
    """The portal reads the .mo, people read the .po."""
    assert messages.MO.read_bytes() == messages.compiled(spanish), ADVICE


def test_the_portal_reads_it() -> None:
    with translation.override("es"):
        assert translation.gettext("Letter of authorization") == "Carta de autorización"


def test_sentences_are_marked_by_names_that_are_looked_for() -> None:
    """`gettext` under another name would hide its sentences."""
    for name, text in messages.sources():
        for alias in re.findall(r"import n?p?gettext(?:_lazy)? as (\w+)", text):
            assert alias == "_", f"{name}: write translation.gettext instead of {alias}"


def test_what_is_named_as_english_only_is_there() -> None:
    """A pattern that names nothing is left over, or misspelled."""
    paths = (path for app in messages.APPS for path in (messages.ROOT / app).rglob("*.*"))
    names = [path.relative_to(messages.ROOT).as_posix() for path in paths]
    assert [kind for kind in messages.ENGLISH_ONLY if not any(fnmatch(name, kind) for name in names)] == []
