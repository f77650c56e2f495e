"""Looking at the third party's pages."""

from __future__ import annotations

import re
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement
from tests.factories import AgreementFactory

LIST = "/agreements/"


def text(response) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def page(agreement: Agreement, name: str = "agreement") -> str:
    return reverse(name, args=[agreement.number])


def overdue(company) -> Agreement:
    """One whose period is over, before the sweep has seen it."""
    return AgreementFactory(company=company, initiated_at=timezone.now() - timedelta(days=30, seconds=1))
