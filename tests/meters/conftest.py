import pytest

from meters.models import Premise
from tests.factories import PremiseFactory
from tests.meters.files import ESIID, OTHER_ESIID


@pytest.fixture
def premise(db) -> Premise:
    return PremiseFactory(esiid=ESIID)


@pytest.fixture
def other_premise(db) -> Premise:
    return PremiseFactory(esiid=OTHER_ESIID)
