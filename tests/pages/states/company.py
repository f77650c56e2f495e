"""A third party's own pages: its profile, its users, and the way into it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies.models import Company, CompanyEventKind, CompanyLinkKind, CompanyStanding, Membership
from tests.factories import CompanyEventFactory, CompanyLinkFactory, MembershipFactory
from tests.pages.states.registry import at, sent, state
from tests.pages.world import World
from tests.support.company_links import link_token

OWN = ("home", "member_profile", "company", "company_edit", "company_rename", "company_users", "company_invite",
       "notification_settings", "company_mailbox",
       "company_approvals", "company_user", "company_user_remove", "company_approval")  # fmt: skip


def _eventful(world: World) -> dict[str, list[int]]:
    """A company in which much has happened; what stands in the URLs of the pages about somebody."""
    company = world["member"].membership.company
    other = MembershipFactory(company=company, user__email=f"{'long' * 12}@green-energy.example")
    CompanyLinkFactory(company=company, expires_at=timezone.now() - timedelta(days=1))
    asks = CompanyLinkFactory(company=company, kind=CompanyLinkKind.JOIN_REQUEST, confirmed_at=timezone.now())
    changes = {"city": ["Marfa", "Waco"]}
    CompanyEventFactory(company=company, kind=CompanyEventKind.PROFILE, by=world["member"], changes=changes)
    of_user = dict.fromkeys(("company_user", "company_user_remove"), [other.pk])
    return of_user | {"company_approval": [asks.pk]}


for _standing in CompanyStanding.values:
    for _name in OWN:

        @state(_name, "member", f"of a company that is {_standing}")
        def _own(client: Client, world: World, name: str = _name, standing: str = _standing) -> Any:
            company = Company.objects.filter(memberships__user=world["member"])
            company.update(standing=standing, standing_reason="Complaints.")
            return client.get(reverse(name, args=_eventful(world).get(name, [])))


@state("company_users", "member", "for who is no administrator")
def _no_administrator(client: Client, world: World) -> Any:
    Membership.objects.filter(user=world["member"]).update(is_administrator=False)
    return client.get(reverse("company_users"))


for _name in ("company_mailbox", "notification_settings"):

    @state(_name, "member", "with a shared mailbox, and another one that waits")
    def _mailbox(client: Client, world: World, name: str = _name) -> Any:
        company = world["member"].membership.company
        Company.objects.filter(pk=company.pk).update(shared_mailbox=f"{'long' * 12}@green-energy.example")
        CompanyLinkFactory(company=company, kind=CompanyLinkKind.MAILBOX, by=world["member"])
        return client.get(reverse(name))


state("company_mailbox_confirm", "anonymous", "confirmed")(sent("company_mailbox_confirm", "mailbox_token"))
state("company_mailbox_confirm", "anonymous", "unknown")(at("company_mailbox_confirm", "nothing"))


@state("company_mailbox_confirm", "anonymous", "used")
def _used_mailbox(client: Client, world: World) -> Any:
    sent("company_mailbox_confirm", "mailbox_token")(client, world)
    return at("company_mailbox_confirm", "mailbox_token")(client, world)


for _name in ("company_edit", "company_rename", "company_invite", "company_mailbox", "notification_settings"):
    state(_name, "member", "sent empty")(sent(_name))
for _name in ("company_register", "company_join"):
    state(_name, "anonymous", "sent empty")(sent(_name))
state("company_invitation", "anonymous", "sent empty")(sent("company_invitation", "invited_token"))
state("company_invitation", "anonymous", "unknown")(at("company_invitation", "nothing"))


@state("company_invitation", "anonymous", "of somebody with an account")
def _known(client: Client, world: World) -> Any:
    known = CompanyLinkFactory(email=MembershipFactory().user.email)
    return client.get(reverse("company_invitation", args=[link_token(known)]))
