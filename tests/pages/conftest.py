"""The filled world, for every test here."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.pages.world import fill
from tests.test_access import password, world  # noqa: F401  (fixtures)


@pytest.fixture
def filled(world: dict[str, Any], settings: Settings) -> dict[str, Any]:  # noqa: F811
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # dozens of passwords are typed here
    return fill(world)
