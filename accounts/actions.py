"""Open accounts."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import User


@transaction.atomic
def create_confirmed_user(**fields: Any) -> User:
    """Create a user whose email address is confirmed; `password` is hashed already. Raises IntegrityError."""
    user = User.objects.create(**fields)
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    return user
