"""Fixtures for tests of companies."""

from __future__ import annotations

import pytest

from companies.models import Membership
from tests.factories import MembershipFactory


@pytest.fixture
def administrator(client) -> Membership:
    """An administrator of Caddo Solar, signed in; the company has another one."""
    member = MembershipFactory(is_administrator=True, company__legal_name="Caddo Solar LLC", company__duns="987654321")
    MembershipFactory(company=member.company, is_administrator=True)
    client.force_login(member.user)
    return member
