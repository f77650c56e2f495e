"""Pages are light: they open on an old phone with a poor signal, and the decision page needs no script (C1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from tests.look.reading import read
from tests.pages.showing import Screen
from tests.pages.visits import Visit, visit_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

MOST_BYTES, MOST_REQUESTS = 60_000, 8
PAGES = [
    *[("anonymous", name) for name in ("home", "account_login", "help_meter", "register", "api_docs_quick_start")],
    *[("customer", name) for name in ("home", "customer_agreements", "usage")],
    *[("member", name) for name in ("home", "agreements", "agreement_new", "agreement")],
    ("operator", "home"),
]


def sent(path: str, answer: Any) -> int:
    """Bytes of one response: as WhiteNoise sends files, compressed once and for all, and as a proxy sends pages."""
    if path == "/shown/":
        return len(brotli.compress(answer.content))
    found = finders.find(path.removeprefix("/static/"))
    assert found, f"{path} is not there"
    return len(brotli.compress(Path(found).read_bytes()))


def requests_and_bytes(page: Any, answer: Any) -> tuple[set[str], int]:
    """What a browser asks for to show `answer`, with its typeface, and how much that is."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append("/" + request.url.split("/", 3)[3]))
    screen = Screen(page)
    screen.show(answer)
    page.wait_for_load_state("networkidle")
    screen.close()
    assert len(requests) == len(set(requests))
    icon = [path for path in read(answer.content).assets if path.endswith(".svg")]  # not every browser asks for it
    paths = {*requests, *icon}
    return paths, sum(sent(path, answer) for path in paths)


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_decision_page_weighs_at_most_60_kb_in_8_requests_and_has_no_script(page, filled, language) -> None:
    """C1, A1."""
    open_page = Visit("invitation", "anonymous", "", lambda client, world: client.get(
        reverse("invitation", args=[world["token"]])))  # fmt: skip
    answer = visit_page(open_page, filled, language)
    paths, size = requests_and_bytes(page, answer)
    assert len(paths) <= MOST_REQUESTS and size <= MOST_BYTES, (size, paths)
    assert {Path(path).suffix for path in paths} >= {".css", ".woff2", ".svg"}
    assert "<script" not in answer.content.decode()


@pytest.mark.parametrize(("role", "name"), PAGES)
def test_a_main_page_weighs_at_most_60_kb_in_8_requests(page, filled, role, name) -> None:
    """A1: with the typeface."""
    args = [filled["states"]["report ready"]] if name == "agreement" else []
    open_page = Visit(name, role, "", lambda client, _world: client.get(reverse(name, args=args), follow=True))
    paths, size = requests_and_bytes(page, visit_page(open_page, filled, "en"))
    assert len(paths) <= MOST_REQUESTS and size <= MOST_BYTES, (size, paths)
