"""The password rule that also knows the user's company."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.passwords import ExpectedWordsValidator


class OwnNamesValidator(ExpectedWordsValidator):
    """Also refuse passwords that are little more than the name of the user's company."""

    def expected_words(self, user: Any) -> Iterator[str]:
        yield from super().expected_words(user)
        customer, membership = getattr(user, "customer", None), getattr(user, "membership", None)
        for company in (customer and customer.company_name, membership and membership.company.legal_name):
            yield company or ""
            yield from (company or "").split()
