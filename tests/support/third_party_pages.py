"""Addresses and texts of the third party's pages."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement
from companies.models import Membership
from tests.factories import AgreementFactory, MembershipFactory

LIST = "/agreements/"


@pytest.fixture
def member(client: Client) -> Membership:
    """A member of an approved company who may do everything, signed in."""
    membership = MembershipFactory()
    client.force_login(membership.user)
    return membership


def page_text(response) -> str:
    """Return the text of a page without markup."""
    body = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", response.content.decode())
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def agreement_url(agreement: Agreement, name: str = "agreement") -> str:
    return reverse(name, args=[agreement.number])


def overdue_agreement(company) -> Agreement:
    """Create an agreement whose period is over, before the sweep has recorded it."""
    return AgreementFactory(company=company, initiated_at=timezone.now() - timedelta(days=30, seconds=1))


def numbers(response) -> list[str]:
    """Of the agreements on the page, in its order."""
    return re.findall(r'<span class="num">([0-9]{12})</span>', response.content.decode())


def link_of(response, relation: str) -> str:
    """Return the URL of the link to the next or previous page; empty if there is none."""
    match = re.search(rf'rel="{relation}" href="([^"]+)"', response.content.decode())
    return LIST + match[1].replace("&amp;", "&") if match else ""
