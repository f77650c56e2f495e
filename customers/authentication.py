"""Sign-in of users with a customer or a company: what is loaded with them, and what a password may not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import User
from accounts.passwords import ExpectedWordsValidator


class LoginBackend(AuthenticationBackend):
    """django-allauth's backend; it loads company, customer and TDSP with the user, in one query instead of four."""

    def get_user(self, user_id: Any) -> User | None:
        users = User.objects.select_related("membership__company", "customer", "tdsp")
        user = users.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None


class OwnNamesValidator(ExpectedWordsValidator):
    """Also refuse passwords that are little more than the name of the user's company."""

    def expected_words(self, user: Any) -> Iterator[str]:
        yield from super().expected_words(user)
        customer, membership = getattr(user, "customer", None), getattr(user, "membership", None)
        for company in (customer and customer.company_name, membership and membership.company.legal_name):
            yield company or ""
            yield from (company or "").split()
