"""A walk along every link of the admin while invitations are open: no link of a decision, nothing of another TDSP."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.test_scope import MATRIX, SCOPED, log_in, page
from tests.admin.world import World
from tests.factories import OperatorFactory
from tests.support.crawler import crawl

pytestmark = [pytest.mark.walk, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(400)]  # some hundred pages


@pytest.mark.parametrize("role", ["staff", "operator", "superuser"])
def test_no_page_contains_a_decision_link_or_an_email_body(client: Client, world: World, role: str):
    """X5, issue 3 line 6. The crawl reaches each list and each record."""
    users = {"staff": world.own.staff, "operator": world.operator, "superuser": OperatorFactory()}
    # The crawl itself is logged, so the entry is no longer on the first page of the log.
    entry = page("accounts.accesslogentry", "change", world.own.records["accounts.accesslogentry"].pk)
    pages = crawl(log_in(client, users[role]), reverse("admin:index"), entry, under="/admin/")
    assert {status for status, _text in pages.values()} <= {200, 301, 302}
    for name in SCOPED if role == "staff" else MATRIX:
        assert page(name, "changelist") in pages
        if record := world.own.records.get(name):
            assert page(name, "change", record.pk) in pages and page(name, "history", record.pk) in pages
    assert reverse("admin:meters_upload_rejected", args=[world.own.records["meters.upload"].pk]) in pages
    secrets = world.secrets
    assert len(secrets) > 16
    for address, (_status, text) in pages.items():
        assert not [secret for secret in secrets if secret in text], address
        if role == "staff":
            assert not [word for word in world.other.words if word in text], address
    if role == "operator":  # the control of the line above: the same walk does meet the other TDSP's words
        everything = " ".join(text for _status, text in pages.values())
        assert all(word in everything for word in world.other.words)
