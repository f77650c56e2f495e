"""Open accounts."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from accounts.models import User


class AccountTaken(IntegrityError):
    """Another user has the user ID or the email; `constraint` is the one that would say so."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


@transaction.atomic
def create_confirmed_user(**fields: Any) -> User:
    """Create a user whose email address is confirmed; `password` is hashed already. Raises IntegrityError.

    The constraints decide, but a database may log the row that breaks one (X4). So what is known to break one is not
    tried.
    """
    if User.objects.filter(username__iexact=fields["username"]).exists():
        raise AccountTaken("user_id_once")
    if User.objects.filter(email__iexact=fields["email"]).exists():
        raise AccountTaken("user_email_once")
    user = User.objects.create(**fields)
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    return user
