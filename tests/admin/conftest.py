import copy

import pytest

from tests.admin.world import World, make_world


@pytest.fixture(scope="module")
def module_world(module_transaction: None) -> World:
    return make_world()


@pytest.fixture
def world(module_world: World, db: None) -> World:
    return copy.deepcopy(module_world)
