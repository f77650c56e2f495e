"""What is read about an agreement, and in which language: pages by link, in the account, the company's and staff's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from agreements.models import Agreement, AgreementStage, Letter, Review
from agreements.states import Status
from tests.pages.truth.cases import Case


@dataclass(frozen=True)
class Surface:
    """A page or text about one agreement."""

    name: str
    language: str
    html: str


def all_surfaces(case: Case) -> Iterator[Surface]:
    """Yield what everyone reads about the case now."""
    agreement = case.agreement
    yield from customer_pages(case, agreement)
    member = client_of(case.member, "en")
    yield page("company's page", "en", reverse("agreement", args=[case.number]), client=member)
    if agreement.status == Status.COMPLETE and agreement.stage != AgreementStage.READY:
        path = reverse("report_download", args=[case.number])
        yield page("refused download", "en", path, client=member, status=(404, 409, 410, 403))
    search = {"by": "number", "items": case.number}
    yield page("company's list", "en", reverse("agreements"), client=member, query=search)
    if letter := Letter.objects.filter(agreement=agreement).first():
        yield Surface("letter", letter.language, text_as_html(letter.text))
    review = agreement.consent_review
    if review and review.state == Review.HELD:
        path = reverse("admin:agreements_consentreview_review", args=[review.pk])
        yield page("review page", "en", path, client=client_of(case.operator, "en"))
    if case.registration == "registered":
        path = reverse("admin:agreements_agreement_change", args=[agreement.pk])
        yield page("admin", "en", path, client=client_of(case.operator, "en"))


def customer_pages(case: Case, agreement: Agreement) -> Iterator[Surface]:
    """Yield the pages of the customer who answers, by link and in the account."""
    language = case.language
    yield page("page by link", language, reverse("invitation", args=[case.token]))
    yield page("reminders by link", language, reverse("invitation_reminders", args=[case.token]))
    if agreement.status != Status.PENDING:
        decision = "reject" if agreement.status == Status.COMPLETE else "accept"
        yield page("second answer", language, reverse("invitation", args=[case.token]), decision=decision)
    if case.user:
        customer = client_of(case.user, language)
        yield page("home", language, reverse("home"), client=customer)
        yield page("list in account", language, reverse("customer_agreements"), client=customer)
        if agreement.person_forgotten_at is None:
            path = reverse("customer_agreement", args=[case.number])
            yield page("page in account", language, path, client=customer)
            if agreement.status != Status.PENDING:
                yield page("second answer in account", language, path, client=customer, decision=decision)


def client_of(user: User | None, language: str) -> Client:
    """Return a browser in `language`, in which `user` is signed in if there is one."""
    client = Client(headers={"accept-language": language})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    if user:
        User.objects.filter(pk=user.pk).update(language=language)
        client.force_login(User.objects.get(pk=user.pk))
    return client


def page(
    name: str,
    language: str,
    path: str,
    *,
    client: Client | None = None,
    query: Any = None,
    decision: str = "",
    status: tuple[int, ...] = (200,),
) -> Surface:
    """Open a page, by default as a stranger, or post a decision that comes too late."""
    client = client or client_of(None, language)
    response = client.post(path, {"decision": decision}) if decision else client.get(path, query)
    assert response.status_code in ((409,) if decision else status), f"{name}: {response.status_code}"
    return Surface(name, language, response.content.decode())


def text_as_html(text: str) -> str:
    """Return a plain text as paragraphs: an empty line or a list's item begins one, other lines are folded."""
    paragraphs: list[str] = [""]
    for line in text.splitlines():
        if not line.strip() or line.startswith(("- ", "## ", "= ", "> ")):
            paragraphs.append("")
        paragraphs[-1] += f" {line.lstrip('-#=> ')}"
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
