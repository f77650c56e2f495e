"""The filled world and a screen to show its pages on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.showing import Screen
from tests.pages.world import fill


@pytest.fixture
def filled(world: dict[str, Any]) -> dict[str, Any]:
    return fill(world)


@pytest.fixture
def screen(page: Page) -> Iterator[Screen]:
    screen = Screen(page)
    yield screen
    screen.close()
