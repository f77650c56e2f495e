"""Sign-in details, and what belongs to it."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications.delivery import with_link
from notifications.models import Email
from tests.factories import UserFactory
from tests.pages.states.registry import sent, state
from tests.pages.world import World
from tests.support.registration import PASSWORD


def knows_password(user: User) -> None:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def again(client: Client, user: User, address: str) -> Any:
    """GET `address` after typing the password again."""
    knows_password(user)
    client.force_login(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client.get(address)


state("account_login", "anonymous", "sent empty")(sent("account_login"))
state("account_login", "anonymous", "wrong")(sent("account_login", login="rosa", password="wrong one, long enough"))
state("account_login", "anonymous", "wrong email")(sent("account_login", login="a@example.net", password="x"))
state("account_reset_password", "anonymous", "sent empty")(sent("account_reset_password"))
state("account_reset_password", "anonymous", "no email")(sent("account_reset_password", email="nobody"))
state("account_reauthenticate", "customer", "wrong")(sent("account_reauthenticate", password="wrong"))
state("account_change_password", "customer", "sent empty")(sent("account_change_password"))
state("account_email", "customer", "sent empty")(sent("account_email", action_add=""))
state("account_email", "customer", "no email")(sent("account_email", action_add="", email="nobody"))


@state("account_change_password", "customer", "wrong")
def _wrong_password(client: Client, world: World) -> Any:
    wrong = {"oldpassword": "wrong", "password1": "12345678", "password2": "123"}
    return client.post(reverse("account_change_password"), wrong)


@state("account_change_password", "customer", "changed")
def _changed_password(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    client.force_login(world["customer"])
    new = "another porch, another swing"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), typed, follow=True)


@state("account_set_password", "customer", "none yet")
def _set_password(client: Client, world: World) -> Any:
    world["customer"].set_unusable_password()
    world["customer"].save(update_fields=["password"])
    client.force_login(world["customer"])
    return client.post(reverse("account_set_password"), {"password1": "short"})


@state("account_email", "customer", "waits for confirmation")
def changed_email(client: Client, world: World) -> Any:
    again(client, world["customer"], reverse("account_email"))
    return client.post(reverse("account_email"), {"action_add": "", "email": "new@example.net"}, follow=True)


def _link_of(kind: str, part: str) -> str:
    email = Email.objects.filter(kind=kind).latest("pk")
    return next(word for word in with_link(email, email.text).split() if part in word)


@state("account_confirm_email", "customer", "to be confirmed")
def _confirm_email(client: Client, world: World) -> Any:
    changed_email(client, world)
    return client.get(_link_of("EMAIL_CONFIRMATION", "confirm-email"))


@state("account_confirm_email", "customer", "of another account meanwhile")
def _email_of_another(client: Client, world: World) -> Any:
    changed_email(client, world)
    UserFactory(email="new@example.net")
    return client.post(_link_of("EMAIL_CONFIRMATION", "confirm-email"), follow=True)


@state("account_reset_password_from_key", "anonymous", "a new password")
def _reset(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    client.post(reverse("account_reset_password"), {"email": world["customer"].email})
    return client.get(_link_of("PASSWORD_RESET", "/key/"), follow=True)


@state("account_reset_password_from_key", "anonymous", "too short")
def _reset_short(client: Client, world: World) -> Any:
    address = _reset(client, world).redirect_chain[-1][0]
    return client.post(address, {"password1": "short", "password2": "other"})


@state("account_confirm_login_code", "anonymous", "no code asked for")
def _no_code(client: Client, world: World) -> Any:
    return client.get(reverse("account_confirm_login_code"), follow=True)


@state("usersessions_list", "customer", "two browsers")
def _two_browsers(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    for browser in (Client(headers={"user-agent": "Firefox"}), client):
        browser.post(reverse("account_login"), {"login": world["customer"].username, "password": PASSWORD})
        browser.get(reverse("home"))
    return client.get(reverse("usersessions_list"))
