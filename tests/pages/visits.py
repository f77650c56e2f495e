"""Which pages there are: each URL of tests/test_access.py for each role that may open it, in its different states.

A new URL name comes along by its row there. Here stand only the states that a plain GET does not show: refused forms,
what comes after a decision, pages behind a password.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from tests.pages.rendering import rendered
from tests.pages.states import states
from tests.support.world import ROLES
from tests.test_access import METHOD, OK, ROWS

World = dict[str, Any]
FAILURE = "our own failure"  # the state of a page that has both languages
ENGLISH_ROLES = ("member", "other company", "TDSP", "operator")
# They answer with a redirect or with what is no page, whoever asks and however.
WITHOUT_PAGE = {
    "agreement_export",
    "api_not_found",
    "api_openapi",
    "bulk_results",
    "bulk_template",
    "customer_report_file",
    "health",
    "mfa_download_recovery_codes",
    "mfa_login_webauthn",
    "smt_customer_interface",
    "smt_message",
    "smt_root",
}
WITHOUT_PAGE |= {name for name, row in ROWS.items() if METHOD in {row.of(role) for role in ROLES}}


@dataclass(frozen=True)
class Visit:
    """One page: `open` does what leads there and gives the last answer; `state` says in which of its states it is."""

    name: str
    role: str
    state: str
    open: Callable[[Client, World], Any]

    @property
    def is_for_customers(self) -> bool:
        return self.role not in ENGLISH_ROLES and not self.name.startswith(("company", "api_"))

    def __str__(self) -> str:
        return f"{self.name} as {self.role}, {self.state}"


def plain_visits() -> Iterator[Visit]:
    """A GET of every URL, by those who see a page there; what everybody sees alike is seen once."""
    for name, row in ROWS.items():
        roles = [role for role in ROLES if row.of(role) == OK]
        if name != "home" and "anonymous" in roles:
            roles = ["anonymous"]
        elif name != "home" and {"member", "customer"} <= set(roles):
            roles = ["member", "customer"]
        for role in [] if name in WITHOUT_PAGE else roles:
            state = "nothing there yet" if role.startswith("other") else "filled"
            yield Visit(name, role, state, lambda client, world, name=name, row=row: client.get(
                reverse(name, args=[world[arg] for arg in row.args])))  # fmt: skip


def all_visits() -> list[Visit]:
    return [*plain_visits(), *(Visit(*each) for each in states())]


@dataclass(frozen=True)
class OpenedPage:
    """What a visit shows in each of its languages, and the names of the templates that were rendered for it."""

    visit: Visit
    answers: Mapping[str, KeptAnswer]
    templates: frozenset[str]

    @property
    def english(self) -> str:
        return self.answers["en"].content.decode()


@dataclass(frozen=True)
class KeptAnswer:
    """What is kept of a response."""

    content: bytes
    headers: Mapping[str, str]


def open_every_page(world: World) -> Iterator[OpenedPage]:
    """Yield the page of each visit: in English, and in Spanish where customers see it."""
    for visit in all_visits():
        languages = ["en", "es"] if visit.is_for_customers else ["en"]
        with rendered() as names:
            responses = {language: visit_page(visit, world, language) for language in languages}
        answers = {
            language: KeptAnswer(response.content, dict(response.headers)) for language, response in responses.items()
        }
        yield OpenedPage(visit, answers, frozenset(names))


def visit_page(visit: Visit, world: World, language: str) -> Any:
    """The answer of `visit` in `language`. Whatever it changes is undone."""
    with transaction.atomic(), translation.override(language):
        client = Client(headers={"accept-language": language})
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        if user := world["users"][visit.role]:
            User.objects.filter(pk=user.pk).update(language=language)
            client.force_login(User.objects.get(pk=user.pk))  # as it is on record, whatever an earlier visit did to it
        answer = visit.open(client, world)
        transaction.set_rollback(True)
    is_page = answer.headers["Content-Type"].startswith("text/html") and answer.status_code not in (301, 302)
    assert is_page, f"{visit}: no page, {answer.status_code}"
    return answer
