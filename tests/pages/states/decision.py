"""The decision link, before and after the answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.corrections import correct_address
from agreements.models import Submission
from agreements.states import Channel
from companies.models import Company, CompanyStanding
from tests.factories import MeterFactory
from tests.pages.states.registry import Open, at, state
from tests.pages.world import World, accepted, pending, token
from tests.support.agreements import initiate
from tests.support.decisions import decision_form, submission_form


def _decided(decision: str, *, registered: bool) -> Open:
    def open_page(client: Client, world: World) -> Any:
        agreement = pending(world, registered=registered)
        link = reverse("invitation", args=[token(agreement)])
        return client.post(link, decision_form(agreement, decision), follow=True)

    return open_page


for _decision in ("accept", "reject"):
    state("invitation", "anonymous", f"{_decision}ed by a stranger")(_decided(_decision, registered=False))
    state("invitation", "anonymous", f"{_decision}ed by a registered customer")(_decided(_decision, registered=True))
state("invitation", "anonymous", "forged")(at("invitation", "A" * 43))


@state("invitation", "anonymous", "of a stranger, without a privacy policy")
def _bare_invitation(client: Client, world: World) -> Any:
    agreement = pending(world)
    Submission.objects.filter(pk=agreement.submission_id).update(privacy_policy_url="")
    return client.get(reverse("invitation", args=[token(agreement)]))


@state("invitation", "anonymous", "nothing chosen")
def _nothing_chosen(client: Client, world: World) -> Any:
    return client.post(reverse("invitation", args=[world["token"]]))


@state("invitation", "anonymous", "expired")
def _expired(client: Client, world: World) -> Any:
    old = timezone.now() - timedelta(days=31)
    agreement = pending(world, initiated_at=old, expires_at=old + timedelta(days=30))
    return client.get(reverse("invitation", args=[token(agreement)]))


@state("invitation", "anonymous", "withdrawn")
def _withdrawn(client: Client, world: World) -> Any:
    agreement = pending(world)
    actions.withdraw(agreement, by=world["member"])
    return client.get(reverse("invitation", args=[token(agreement)]))


@state("invitation", "anonymous", "sent to another address")
def _corrected(client: Client, world: World) -> Any:
    agreement = pending(world)
    old_link = reverse("invitation", args=[token(agreement)])
    correct_address(agreement, "rosa.delgado@example.org", by=world["member"])
    return client.get(old_link)


@state("invitation", "anonymous", "decided otherwise meanwhile")
def _decided_otherwise(client: Client, world: World) -> Any:
    agreement = pending(world)
    actions.reject(agreement, channel=Channel.INVITATION)
    return client.post(reverse("invitation", args=[token(agreement)]), decision_form(agreement))


@state("invitation", "anonymous", "of several meters")
def _several(client: Client, world: World) -> Any:
    agreements = initiate(world["member"], *(MeterFactory() for _ in range(4)))
    actions.reject(agreements[0], channel=Channel.INVITATION)
    actions.withdraw(agreements[1], by=world["member"])
    actions.accept(agreements[2], channel=Channel.INVITATION)
    return client.get(reverse("invitation", args=[token(agreements[0])]))


@state("invitation", "anonymous", "of several meters, all open")
def _several_open(client: Client, world: World) -> Any:
    agreements = initiate(world["member"], *(MeterFactory() for _ in range(3)))
    return client.get(reverse("invitation", args=[token(agreements[0])]))


@state("invitation", "anonymous", "of several meters, of which one was withdrawn meanwhile")
def _several_outcomes(client: Client, world: World) -> Any:
    agreements = initiate(world["member"], *(MeterFactory() for _ in range(3)))
    actions.withdraw(agreements[1], by=world["member"])
    return client.post(reverse("invitation", args=[token(agreements[0])]), submission_form(agreements))


@state("invitation", "anonymous", "with a smaller share, from the email's button")
def _less(client: Client, world: World) -> Any:
    query = {"type": "daily", "length": "1d", "pressed": "reject"}
    return client.get(reverse("invitation", args=[token(pending(world))]), query)


@state("invitation", "anonymous", "of a company that the customer doesn't know")
def _unknown_company(client: Client, world: World) -> Any:
    agreement = pending(world)
    link = reverse("invitation", args=[token(agreement)])
    return client.post(link, decision_form(agreement, "unknown"), follow=True)


@state("invitation_agreement_authorization", "anonymous", "accepted")
def _letter_of_one(client: Client, world: World) -> Any:
    agreement = accepted(world, registered=False)
    numbers = [token(agreement), agreement.number]
    return client.get(reverse("invitation_agreement_authorization", args=numbers))


@state("invitation_agreement_register", "anonymous", "filled in from the request")
def _register_from_one(client: Client, world: World) -> Any:
    agreement = pending(world)
    return client.get(reverse("invitation_agreement_register", args=[token(agreement), agreement.number]))


@state("invitation_agreement", "anonymous", "one of several meters")
def _one_of_several(client: Client, world: World) -> Any:
    agreement, _other = initiate(world["member"], MeterFactory(), MeterFactory())
    return client.get(reverse("invitation_agreement", args=[token(agreement), agreement.number]))


@state("invitation_authorization", "anonymous", "accepted")
def _letter(client: Client, world: World) -> Any:
    agreement = accepted(world, registered=False)
    return client.get(reverse("invitation_authorization", args=[token(agreement)]))


state("customer_authorization", "customer", "accepted")(at("customer_authorization", "accepted"))
state("agreement_authorization", "member", "accepted")(at("agreement_authorization", "accepted"))


def _suspend(world: World) -> None:
    Company.objects.filter(pk=world["member"].membership.company_id).update(standing=CompanyStanding.SUSPENDED)


@state("invitation", "anonymous", "of a suspended company")
def _suspended(client: Client, world: World) -> Any:
    agreement = pending(world)
    _suspend(world)
    return client.post(reverse("invitation", args=[token(agreement)]), decision_form(agreement))


@state("customer_agreement", "customer", "of a suspended company")
def _suspended_in_the_account(client: Client, world: World) -> Any:
    _suspend(world)
    return client.get(reverse("customer_agreement", args=[world["number"]]))


@state("customer_agreements", "customer", "of a suspended company")
def _list_of_suspended(client: Client, world: World) -> Any:
    _suspend(world)
    return client.get(reverse("customer_agreements"))
