"""What every test may ask for. Each fixture lives in a module of its own."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation

from tests.support.browser import (  # noqa: F401 - pytest finds all of these by their names
    base_url,
    browser_context_args,
    browser_type_launch_args,
    pytest_collection_modifyitems,
    pytest_runtest_setup,
    pytest_terminal_summary,
)
from tests.support.coverage_pause import pytest_runtest_protocol  # noqa: F401 - likewise
from tests.support.database import (  # noqa: F401 - likewise
    django_db_modify_db_settings,
    django_db_setup,
    module_transaction,
    no_usage_stays,
)
from tests.support.redis_server import redis_server  # noqa: F401 - likewise
from tests.support.smtp_sink import smtp_sink  # noqa: F401 - likewise
from tests.support.world import module_world, world  # noqa: F401 - likewise


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    # Argon2 is slow on purpose. scripts/check_production.py checks what production uses.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(autouse=True)
def language_of_the_portal() -> Iterator[None]:
    """A request in Spanish leaves its language to whatever the process does next, as to the next request."""
    yield
    translation.activate(settings.LANGUAGE_CODE)
