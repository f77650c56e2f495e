"""Usage that a test with transactions of its own leaves behind: Django empties only the tables that it manages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

OWN_TRANSACTIONS = {"transactional_db", "live_server"}


@pytest.fixture(autouse=True)
def no_usage_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whichever test comes next on this worker finds no usage of another one."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")) and not OWN_TRANSACTIONS & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from meters.models import UsageDay  # when this module is read, Django is not ready

    UsageDay.objects.all().delete()
