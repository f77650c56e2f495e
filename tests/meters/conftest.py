import pytest

from tests.factories import PremiseFactory
from tests.meters.files import ESIID, OTHER_ESIID


@pytest.fixture
def premise(db):
    return PremiseFactory(esiid=ESIID)


@pytest.fixture
def other_premise(db):
    return PremiseFactory(esiid=OTHER_ESIID)
