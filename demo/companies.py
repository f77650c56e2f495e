"""What happened to the demo's third parties: approved long ago, one waits, one has people on their way to it (T13)."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from companies import emails, invitations, join_requests, links
from companies.models import Company, CompanyEventKind, CompanyLinkKind, CompanyState
from demo.people import BLUEBONNET, OPERATOR, THIRD_PARTIES, People
from lib import link_tokens

INVITED = "tess.navarro@bluebonnet-home.example"
ASKS = ("Hank", "Delacroix", "hank.delacroix@bluebonnet-home.example")


def live(people: People, now: datetime) -> None:
    """Write each company's history, and bring somebody invited and somebody who asks to join to Bluebonnet."""
    operator = people.users[OPERATOR]
    for third_party in THIRD_PARTIES:
        company = people.companies[third_party.legal_name]
        founder = people.users[third_party.administrator.username]
        company.record_event(CompanyEventKind.REGISTERED, by=founder, about=founder, at=company.registered_at)
        if third_party.standing == CompanyState.PENDING:
            emails.send_company_registered(company)
        else:
            approved_at = company.registered_at + timedelta(days=1, hours=3)
            company.record_event(CompanyEventKind.APPROVED, by=operator, at=approved_at)
    bluebonnet = people.companies[BLUEBONNET.legal_name]
    _invite(bluebonnet, people.users[BLUEBONNET.administrator.username], now - timedelta(days=1, hours=2))
    _ask(bluebonnet, now - timedelta(hours=5))


def _invite(company: Company, administrator: User, at: datetime) -> None:
    invitations.invite_user(company, INVITED, ["may_view", "may_initiate"], by=administrator, at=at)


def _ask(company: Company, at: datetime) -> None:
    """The address is confirmed already: the email with its link is not in the mailbox, the administrator's is."""
    first_name, last_name, email = ASKS
    link = links.create_link(
        CompanyLinkKind.JOIN_REQUEST,
        company=company,
        email=email,
        period=timedelta(days=3),
        answers={"first_name": first_name, "last_name": last_name},
        at=at,
    )
    join_requests.confirm_join_request(
        link_tokens.derive_token(bytes(link.link_nonce), link_tokens.ACCOUNT_LINK), at=at
    )
