"""Who tests of a company's pages may ask for."""

from __future__ import annotations

import pytest

from companies.models import Membership
from tests.factories import MembershipFactory


@pytest.fixture
def administrator(client) -> Membership:
    """Signed in; another administrator is there, too."""
    member = MembershipFactory(is_administrator=True)
    MembershipFactory(company=member.company, is_administrator=True)
    client.force_login(member.user)
    return member
