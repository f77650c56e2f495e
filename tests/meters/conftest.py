import pytest

from tests.factories import PremiseFactory
from tests.meters.usage_files import ESIID, OTHER_ESIID


@pytest.fixture
def premise(db):
    return PremiseFactory(esiid=ESIID)


@pytest.fixture
def other_premise(db):
    return PremiseFactory(esiid=OTHER_ESIID)


@pytest.fixture(autouse=True)
def _nothing_expires(settings):
    """Keep the tests' days, whatever today's date is."""
    settings.USAGE_RETENTION_MONTHS = 0
