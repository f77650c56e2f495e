"""A request that was sent to a wrong address, for the tests of its correction (T15)."""

from __future__ import annotations

import pytest

from agreements.corrections import correct_address
from agreements.models import Agreement
from lib.refusals import Refused
from notifications.models import Email

RIGHT = "rosa.delgado@example.org"


def requests_to(address: str) -> list[tuple[str, str]]:
    return list(Email.objects.requests().filter(to_address=address).order_by("pk").values_list("kind", "state"))


def refusal_of(agreement: Agreement, address: str, member) -> Refused:
    with pytest.raises(Refused) as refused:
        correct_address(agreement, address, by=member)
    return refused.value
