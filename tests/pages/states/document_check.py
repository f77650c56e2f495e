"""The public check of documents: found, not found, refused (R9)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.rate_limits import Limit, record_hits
from agreements.models import Letter
from reports.models import Report
from tests.pages.states.registry import sent, state
from tests.pages.world import World

PAGE = "document_check"
state(PAGE, "anonymous", "refused")(sent(PAGE, number="1", sha256="2"))
state(PAGE, "anonymous", "not found")(sent(PAGE, number="112326000001", sha256="ab" * 32))


def check(client: Client, number: str, sha256: str) -> Any:
    return client.post(reverse(PAGE), {"number": number, "sha256": sha256})


@state(PAGE, "anonymous", "report found")
def _report(client: Client, world: World) -> Any:
    report = Report.objects.exclude(sha256="")[0]
    return check(client, report.agreement.number, report.sha256)


@state(PAGE, "anonymous", "text of a letter found")
def _text(client: Client, world: World) -> Any:
    letter = Letter.objects.all()[0]
    return check(client, letter.agreement.number, letter.sha256)


@state(PAGE, "anonymous", "PDF of a letter found")
def _pdf(client: Client, world: World) -> Any:
    letter = Letter.objects.all()[0]
    Letter.objects.filter(pk=letter.pk).update(pdf_hashes=["cd" * 32])
    return check(client, letter.agreement.number, "cd" * 32)


@state(PAGE, "anonymous", "too many")
def _too_many(client: Client, world: World) -> Any:
    limit = Limit("document-check", "127.0.0.1", settings.DOCUMENT_CHECKS_PER_NETWORK)
    record_hits([limit] * limit.maximum)
    return check(client, "112326000001", "ab" * 32)
