"""A walk along every link of the admin while invitations are open: no link of a decision, nothing of another TDSP."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.test_scope import MATRIX, SCOPED, log_in, page
from tests.admin.world import World
from tests.factories import OperatorFactory

pytestmark = pytest.mark.django_db


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("href", "action", "data-popup-opener") and value]


def crawl(client: Client, *also: str, limit: int = 1500) -> dict[str, str]:
    """Address -> text of each page of the admin that links lead to, `also` first; sorted lists once for each column."""
    waiting, pages = [reverse("admin:index"), *also], {}
    seen = set(waiting)
    while waiting:
        address = waiting.pop()
        assert len(pages) < limit, "the crawl does not end"
        answer = client.get(address)
        if answer.status_code in (301, 302):
            continue
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        pages[address] = content.decode()
        links = Links()
        links.feed(pages[address])
        for link in links.found:
            where = urlsplit(urljoin(address, link))
            query = parse_qsl(where.query, keep_blank_values=True)
            if not where.path.startswith("/admin/") or where.netloc or "logout" in where.path:
                continue
            if len(query) > 1 or (query and urlsplit(address).query):
                continue  # one narrowing at a time
            target = where.path + (f"?{where.query}" if query else "")
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return pages


@pytest.mark.parametrize("role", ["staff", "operator", "superuser"])
def test_no_page_holds_a_decision_link_or_what_an_email_said(client: Client, world: World, role: str):
    """X5, issue 3 line 6. The crawl reaches each list and each record."""
    users = {"staff": world.own.staff, "operator": world.operator, "superuser": OperatorFactory()}
    # The crawl itself adds to the trail, until this look is not on its first page.
    look = page("accounts.stafflook", "change", world.own.records["accounts.stafflook"].pk)
    pages = crawl(log_in(client, users[role]), look)
    for name in SCOPED if role == "staff" else MATRIX:
        assert page(name, "changelist") in pages
        if record := world.own.records.get(name):
            assert page(name, "change", record.pk) in pages and page(name, "history", record.pk) in pages
    assert reverse("admin:meters_load_rejected", args=[world.own.records["meters.load"].pk]) in pages
    assert len(world.secrets) > 16
    for address, text in pages.items():
        assert not [secret for secret in world.secrets if secret in text], address
        if role == "staff":
            assert not [word for word in world.other.words if word in text], address


@pytest.mark.control
def test_the_crawl_would_find_them(client: Client, world: World):
    """An operator's pages do hold the other TDSP's words."""
    everything = " ".join(crawl(log_in(client, world.operator)).values())
    assert all(word in everything for word in world.other.words)
