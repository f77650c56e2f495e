"""The account of a person who becomes a third party's user (T13)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.actions import create_confirmed_user
from accounts.models import User
from lib.refusals import Problem, Refused


@dataclass(frozen=True)
class NewUser:
    """What a new user chose; `password` is hashed already, so that a waiting row can store it."""

    first_name: str
    last_name: str
    username: str
    password: str = field(repr=False)
    phone: str = ""


def username_taken() -> Refused:
    return Refused(Problem(_("This User ID is already taken. Enter a different one."), field="username"))


def create_user(new_user: NewUser, *, email: str, language: str) -> User:
    """Create a user with a confirmed email. Raises Refused if the user ID or the email is taken."""
    try:
        return create_confirmed_user(**vars(new_user), email=email, language=language)
    except IntegrityError as error:
        if User.objects.filter(username__iexact=new_user.username).exists():
            raise username_taken() from error
        raise Refused(
            Problem(
                _(
                    "This email address already has an account. Sign in with it, or ask for a link to a "
                    "different address."
                )
            )
        ) from error
