"""The filled world and a screen to show its pages on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.fixtures import Settings

from tests.pages.showing import Screen
from tests.pages.world import fill
from tests.test_access import password, world  # noqa: F401  (fixtures)


@pytest.fixture
def filled(world: dict[str, Any], settings: Settings) -> dict[str, Any]:  # noqa: F811
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # dozens of passwords are typed here
    return fill(world)


@pytest.fixture
def screen(page: Page) -> Iterator[Screen]:
    screen = Screen(page)
    yield screen
    screen.close()
