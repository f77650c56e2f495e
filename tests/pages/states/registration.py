"""Registration, from the form to what its link shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import ClaimDispute, Registration
from tests.factories import EsiidClaimFactory, MeterFactory, UserFactory
from tests.pages.states.registry import at, sent, state
from tests.pages.world import World, pending, token
from tests.support.registration import confirmation_link, register


@state("invitation_register", "anonymous", "filled in from the request")
def _invited(client: Client, world: World) -> Any:
    return client.get(reverse("invitation_register", args=[token(pending(world))]))


state("register_as", "anonymous", "business")(at("register_as", "business"))
state("register_as", "anonymous", "sent empty")(sent("register_as", "business"))
state("register_as", "customer", "already signed in")(at("register_as", "residential"))


@state("register_as", "anonymous", "wrong in everything")
def _wrong_in_everything(client: Client, world: World) -> Any:
    wrong = {"phone": "12", "phone_extension": "x", "email": "nobody", "username": "?", "password1": "rosarosarosarosa"}
    wrong |= {
        "first_name": "R\u200b",
        "middle_initial": "Mm",
        "esiid": "1044",
        "meter_number": "?" * 21,
        "language": "fr",
    }
    return register(client, None, **wrong)


@state("register_as", "anonymous", "two that differ")
def _two_that_differ(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), email_again="other@example.net", password2="another")


@state("register_as", "anonymous", "password too short")
def _short_password(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), password1="12345678", password2="12345678")


@state("register_as", "anonymous", "no match")
def _no_match(client: Client, world: World) -> Any:
    return register(client, None, esiid="10443729999999999", meter_number="1")


@state("register_as", "anonymous", "too many that did not match")
def _too_many(client: Client, world: World) -> Any:
    for number in range(10):
        register(client, None, esiid=f"1044372111111{number:04d}", meter_number="1")
    return register(client, MeterFactory())


@state("register_as", "anonymous", "user id taken")
def _user_id_taken(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), username=UserFactory().username)


@state("register_as", "anonymous", "too many emails")
def _too_many_emails(client: Client, world: World) -> Any:
    language = client.cookies["django_language"].value
    for _each in range(5):
        register(client, MeterFactory(), language=language)
    return register(client, MeterFactory(), language=language)


def _registered(client: Client) -> str:
    register(client, MeterFactory(), language=client.cookies["django_language"].value)
    return confirmation_link()


@state("register_confirm", "anonymous", "to be confirmed")
def _to_be_confirmed(client: Client, world: World) -> Any:
    return client.get(_registered(client))


@state("register_confirm", "anonymous", "confirmed")
def _confirmed(client: Client, world: World) -> Any:
    return client.post(_registered(client))


@state("register_confirm", "anonymous", "unknown")
def _unknown_registration(client: Client, world: World) -> Any:
    return client.get(reverse("register_confirm", args=["A" * 43]))


@state("register_confirm", "anonymous", "too late")
def _late_registration(client: Client, world: World) -> Any:
    link = _registered(client)
    Registration.objects.update(asked_at=timezone.now() - timedelta(days=4))
    return client.get(link)


@state("register_confirm", "anonymous", "ESIID taken meanwhile")
def _esiid_taken(client: Client, world: World) -> Any:
    link = _registered(client)
    EsiidClaimFactory(premise_id=Registration.objects.latest("pk").premise_id)
    return client.post(link)


@state("register_confirm", "anonymous", "ESIID disputed")
def _esiid_disputed(client: Client, world: World) -> Any:
    link = _registered(client)
    EsiidClaimFactory(premise_id=Registration.objects.latest("pk").premise_id)
    return client.post(link, {"dispute": "yes"})


@state("register_confirm", "anonymous", "confirmed with a matching provider")
def _provider_matches(client: Client, world: World) -> Any:
    link = _registered(client)
    Registration.objects.update(provider_matches=True)
    return client.post(link)


@state("register_confirm", "anonymous", "confirmed with a warning sign")
def _suspected(client: Client, world: World) -> Any:
    link = _registered(client)
    Registration.objects.update(signals=["network"])
    return client.post(link)


@state("claim_notice", "anonymous", "unknown")
def _unknown_notice(client: Client, world: World) -> Any:
    return client.get(reverse("claim_notice", args=["A" * 43]))


@state("claim_notice", "anonymous", "disputed")
def _disputed_notice(client: Client, world: World) -> Any:
    return client.post(reverse("claim_notice", args=[world["claim_token"]]), follow=True)


@state("claim_notice", "anonymous", "disputed too often")
def _too_often_disputed(client: Client, world: World) -> Any:
    for _each in range(settings.CLAIM_DISPUTES_PER_ESIID):
        client.post(reverse("claim_notice", args=[world["claim_token"]]))
        ClaimDispute.objects.update(decided_at=timezone.now(), is_upheld=False)
    return client.post(reverse("claim_notice", args=[world["claim_token"]]))


@state("register_confirm", "anonymous", "user id taken meanwhile")
def _id_taken_meanwhile(client: Client, world: World) -> Any:
    link = _registered(client)
    UserFactory(username=Registration.objects.latest("pk").username)
    return client.post(link)


@state("register_confirm", "anonymous", "email taken meanwhile")
def _email_taken_meanwhile(client: Client, world: World) -> Any:
    link = _registered(client)
    UserFactory(email=Registration.objects.latest("pk").email)
    return client.post(link)
