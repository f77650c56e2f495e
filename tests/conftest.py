"""What every test may ask for. Each fixture lives in a module of its own."""

from tests.support.browser import (  # noqa: F401 - pytest finds all of these by their names
    base_url,
    browser_context_args,
    browser_type_launch_args,
    pytest_collection_modifyitems,
    pytest_runtest_setup,
    pytest_terminal_summary,
)
from tests.support.database import django_db_setup, no_usage_stays  # noqa: F401 - likewise
from tests.support.redis_server import redis_server  # noqa: F401 - likewise
from tests.support.smtp_sink import smtp_sink  # noqa: F401 - likewise
