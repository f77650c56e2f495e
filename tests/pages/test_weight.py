"""The customer's decision page is light: it opens on an old phone with a poor signal (C1)."""

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

MOST_BYTES, MOST_REQUESTS = 60_000, 6


def sent(path: str, answer: Any) -> int:
    """Bytes of one response: the page as Django sends it, files as WhiteNoise does, compressed once and for all."""
    if path == "/shown/":
        return len(answer.content)
    found = finders.find(path.removeprefix("/static/"))
    assert found, f"{path} is not there"
    return len(brotli.compress(Path(found).read_bytes()))


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_decision_page_weighs_at_most_60_kb_in_6_requests_and_has_no_script(page, filled, language) -> None:
    """C1, A1."""
    open_page = Visit("invitation", "anonymous", "", lambda client, world: client.get(
        reverse("invitation", args=[world["token"]])))  # fmt: skip
    answer = visit_page(open_page, filled, language)
    requests: list[str] = []
    page.on("request", lambda request: requests.append("/" + request.url.split("/", 3)[3]))
    screen = Screen(page)
    screen.show(answer)
    page.wait_for_load_state("networkidle")
    screen.close()
    icon = [path for path in read(answer.content).assets if path.endswith(".svg")]  # not every browser asks for it
    paths = {*requests, *icon}
    assert len(requests) == len(set(requests)) and len(paths) <= MOST_REQUESTS, paths
    assert len(paths) >= 3, "the page and its style sheets"
    assert sum(sent(path, answer) for path in paths) <= MOST_BYTES
    assert "<script" not in answer.content.decode()
