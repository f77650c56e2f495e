"""True sentences: what a page or an email says about a request is so, in every state of it, in both languages.

Each state is made by the actions (tests/pages/truth/cases.py) and everything about it is rendered. A sentence may be
said only if its condition in table.toml holds, by the rows; what a state requires has to be said.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from companies.models import Company, CompanyStanding
from companies.registration import change_standing
from companies.request_pauses import pause_requests
from scripts.messages import ROOT
from tests.pages.truth.cases import Case, CaseMaker
from tests.pages.truth.conditions import holds
from tests.pages.truth.facts import AgreementFacts
from tests.pages.truth.sentences import needs_fact, own_sentences, statements
from tests.pages.truth.steps import PAIRS, expire, refuse, reject, release, withdraw
from tests.pages.truth.surfaces import Surface, all_surfaces, page, text_as_html

pytestmark = [pytest.mark.walk, pytest.mark.slow, pytest.mark.timeout(1200)]

_TABLE = tomllib.loads(Path(__file__).with_name("truth").joinpath("table.toml").read_text())
CONDITIONS: dict[str, list[str]] = _TABLE["sentences"]
REQUIRED: dict[str, dict[str, list[str]]] = _TABLE["required"]
EMAILS = {
    f"email {name}"
    for name in (
        "EM201 to the customer", "EM202 to the customer", "EM203 to the customer", "EM203 to the company",
        "EM204 to the customer", "EM204 to the company", "EM205 to the customer", "EM205 to the company",
        "REVIEW to staff", "REVIEWED to the customer", "REVIEWED to the company", "WITHDRAWN to the customer",
        "WITHDRAWN to the company", "NOT_ACCEPTED to the company",
    )
}  # fmt: skip
MSGIDS = frozenset(msgid for msgids in CONDITIONS.values() for msgid in msgids)


@pytest.fixture(scope="module")
def maker(module_transaction: None) -> CaseMaker:
    return CaseMaker()


@pytest.fixture(scope="module")
def cases(maker: CaseMaker) -> list[Case]:
    return maker.make_all()


@pytest.fixture
def suspended(cases: list[Case], db: None) -> list[Case]:
    for company in Company.objects.all():
        change_standing(company, CompanyStanding.SUSPENDED, by=cases[0].operator, reason="We got complaints")
    return cases


@pytest.fixture
def paused(cases: list[Case], db: None) -> list[Case]:
    for company in Company.objects.all():
        pause_requests(company, answer_count=5, at=timezone.now())
    return cases


def mistakes(surface: Surface, facts: AgreementFacts) -> Iterator[str]:
    """Yield what `surface` says though it is not so, and what it leaves out."""
    said: set[str] = set()
    for statement in statements(surface.html, surface.language, MSGIDS):
        said.update(statement.msgids)
        conditions = [name for name, msgids in CONDITIONS.items() if set(statement.msgids) & set(msgids)]
        if not any(holds(facts, condition, statement.values, surface.language) for condition in conditions):
            yield f"{surface.name} ({surface.language}) says {statement.text!r}, true if {' or '.join(conditions)}"
    for condition, msgids in REQUIRED.get(surface.name, {}).items():
        if holds(facts, condition, {}, surface.language):
            yield from (f"{surface.name} ({surface.language}) does not say {msgid!r}" for msgid in {*msgids} - said)


def all_mistakes(cases: list[Case]) -> list[str]:
    """Check all that is read about each case, in its language; each state has cases in both."""
    return [
        f"{case}: {mistake}"
        for case in cases
        for facts in [AgreementFacts.of(case.number)]
        for surface in all_surfaces(case)
        for mistake in mistakes(surface, facts)
    ]


def test_each_sentence_about_an_agreement_has_its_condition() -> None:
    """C2: a new sentence needs a line in table.toml that says when it is true; one that is gone leaves it."""
    missing = {msgid: path for msgid, path in own_sentences().items() if needs_fact(msgid) and msgid not in MSGIDS}
    assert not missing, f"say when this is true, in tests/pages/truth/table.toml: {missing}"
    assert not MSGIDS - set(own_sentences())


def test_every_page_of_every_state_is_true(cases: list[Case], db: None) -> None:
    """C2, C7, L9, R2, R7, X1."""
    assert not all_mistakes(cases)


def test_every_page_is_true_while_the_company_is_suspended(suspended: list[Case]) -> None:
    """L9."""
    assert not all_mistakes([case for case in suspended if case.stands_for_its_way])


def test_every_page_is_true_while_new_requests_are_paused(paused: list[Case]) -> None:
    """C8: no sentence leads to a form that refuses everything."""
    assert not all_mistakes([case for case in paused if case.stands_for_its_way])


@pytest.mark.parametrize("way", PAIRS)
def test_each_request_of_a_list_is_true(maker: CaseMaker, way: str, db: None) -> None:
    """C10: the page of a link with two requests: those that are open together, the others by their own rows."""
    cases = maker.make_pair(way)
    for language in ("en", "es"):
        html = page("list by link", language, reverse("invitation", args=[cases[0].token])).html
        top, *sections = re.split(r"<section [^>]*aria-labelledby=.request-\d+.>", html)
        texts = dict(zip(re.findall(r"request-(\d+).>\s*<h2", html), sections, strict=True))
        still_open = [case.number for case in cases if AgreementFacts.of(case.number).open]
        assert {*texts, *still_open} == {case.number for case in cases} and not {*texts} & {*still_open}
        for number, text in [((still_open or [cases[0].number])[0], top), *texts.items()]:
            assert not [*mistakes(Surface("list by link", language, text), AgreementFacts.of(number))]


def email_mistakes(cases: list[Case]) -> list[str]:
    """Check the subject with the text, and with the HTML."""
    return [
        f"{case}: {mistake}"
        for case in cases
        for email in case.emails
        if email.kind != "EM201" or case.way.startswith("pending")  # the same in all others
        for body in (text_as_html(email.text), email.html)
        for mistake in mistakes(Surface(email.name, email.language, f"<p>{email.subject}</p>{body}"), email.facts)
    ]


def test_every_email_is_true_when_it_is_queued(cases: list[Case], db: None) -> None:
    """E1."""
    assert {email.name for case in cases for email in case.emails} >= EMAILS
    assert not email_mistakes(cases)


def test_emails_are_true_while_the_company_is_suspended(maker: CaseMaker, suspended: list[Case]) -> None:
    """L9: a customer rejects, a utility releases and refuses, a request expires."""
    steps = {"pending": reject, "held": release, "held without data": refuse, "overdue": expire}
    later = [replace(case, emails=[]) for case in suspended if case.way in steps]
    for case in later:
        maker.take(case, [steps[case.way]])
    assert all(case.emails for case in later)
    assert not email_mistakes(later)


def test_emails_are_true_while_new_requests_are_paused(maker: CaseMaker, paused: list[Case]) -> None:
    """C8: a customer rejects, the company withdraws, a request expires."""
    steps = {"pending": reject, "pending, data to wait for": withdraw, "overdue": expire, "held without data": refuse}
    later = [replace(case, emails=[]) for case in paused if case.way in steps]
    for case in later:
        maker.take(case, [steps[case.way]])
    assert all(case.emails for case in later)
    assert not email_mistakes(later)


REVIEW, NO_REVIEW = '{% if agreement.review == "held" %}', "{% if not agreement %}"
EVERY_STATE = REVIEW
DOWNLOAD = (
    "<p>{% blocktranslate with day=agreement.expires_at|date %}{{ company }} can download the file until {{ day }}."
    "{% endblocktranslate %}</p>"
)
# What is planted -> the way, the words of the template, what it has instead, and the complaint.
MADE_AT, OTHER_TIME = "at=report.made_at", "at=agreement.awaits_data_until"
FALSEHOODS = {
    "the company can download every report": (
        "held",
        EVERY_STATE,
        DOWNLOAD + EVERY_STATE,
        "can download the file until",
    ),
    "a report is made during its review": ("held", REVIEW, NO_REVIEW, "says 'The report is being made.'"),
    "nothing about the review": ("held", REVIEW, NO_REVIEW, 'does not say "Before any data is shared'),
    "a wrong time": ("no data, nothing delivered", MADE_AT, OTHER_TIME, "says 'By "),
}


# The words about the report on the customer's page.
PLANTED_IN = ("reports/customer/report.html", "reports/no_readings.html")


@pytest.mark.control
@pytest.mark.parametrize("falsehood", FALSEHOODS)
def test_a_planted_falsehood_is_found(
    falsehood: str, cases: list[Case], db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the words about the report on the page behind the link."""
    way, old, new, complaint = FALSEHOODS[falsehood]
    case = next(case for case in cases if case.way == way)
    facts = AgreementFacts.of(case.number)

    def found() -> list[str]:
        engine.template_loaders[0].reset()
        return [*mistakes(page("page by link", "en", reverse("invitation", args=[case.token])), facts)]

    engine = engines["django"].engine
    assert not found()
    (tmp_path / "reports/customer").mkdir(parents=True)
    texts = {name: (ROOT / "templates" / name).read_text() for name in PLANTED_IN}
    assert any(old in text for text in texts.values())
    for name, text in texts.items():
        (tmp_path / name).write_text(text.replace(old, new))
    with monkeypatch.context() as patch:
        patch.setattr(engine, "dirs", [tmp_path, *engine.dirs])
        assert any(complaint in mistake for mistake in found())
    assert not found()
