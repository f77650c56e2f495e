import pytest

from meters.models import UsageDay
from tests.factories import PremiseFactory
from tests.meters.files import ESIID, OTHER_ESIID


@pytest.fixture
def premise(db):
    return PremiseFactory(esiid=ESIID)


@pytest.fixture
def other_premise(db):
    return PremiseFactory(esiid=OTHER_ESIID)


@pytest.fixture(autouse=True)
def _nothing_expires(settings):
    """The tests' days stay where they are while the calendar goes on."""
    settings.USAGE_RETENTION_MONTHS = 0


@pytest.fixture(autouse=True)
def _no_usage_stays(request):
    """Django empties only the tables that it manages after a test with transactions of its own."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    UsageDay.objects.all().delete()
    yield
    UsageDay.objects.all().delete()
