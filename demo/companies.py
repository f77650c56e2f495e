"""The history of the demo's third parties: approved, waiting for approval, inviting users (T13)."""

from __future__ import annotations

from datetime import datetime, timedelta

from agreements.models import CompanyEmail, EmailTiming
from agreements.notification_settings import change_settings
from companies import emails, invitations, join_requests, links
from companies.models import CompanyEventKind, CompanyLinkKind, CompanyStanding
from demo.people import BLUEBONNET, OPERATOR, PERMIAN, THIRD_PARTIES, People
from lib import link_tokens

INVITED = "tess.navarro@bluebonnet-home.example"
MAILBOX = "dispatch@permian-dr.example"
APPLICANT = ("Hank", "Delacroix", "hank.delacroix@bluebonnet-home.example")


def write_histories(people: People, now: datetime) -> None:
    """Record each company's history, and create Bluebonnet's open invitation and join request."""
    operator = people.users[OPERATOR]
    for third_party in THIRD_PARTIES:
        company = people.companies[third_party.legal_name]
        founder = people.users[third_party.administrator.username]
        company.record_event(CompanyEventKind.REGISTERED, by=founder, about=founder, at=company.registered_at)
        if third_party.standing == CompanyStanding.PENDING:
            emails.send_company_registered(company)
        else:
            approved_at = company.registered_at + timedelta(days=1, hours=3)
            company.record_event(CompanyEventKind.APPROVED, by=operator, at=approved_at)
    bluebonnet = people.companies[BLUEBONNET.legal_name]
    administrator = people.users[BLUEBONNET.administrator.username]
    invited_at, requested_at = now - timedelta(days=1, hours=2), now - timedelta(hours=5)
    invitations.invite_user(bluebonnet, INVITED, ["may_view", "may_initiate"], by=administrator, at=invited_at)
    # The address is confirmed here, so the inbox has the administrator's email and not the one with the link.
    first_name, last_name, email = APPLICANT
    link = links.create_link(
        CompanyLinkKind.JOIN_REQUEST,
        company=bluebonnet,
        email=email,
        period=timedelta(days=3),
        answers={"first_name": first_name, "last_name": last_name},
        at=requested_at,
    )
    token = link_tokens.derive_token(bytes(link.link_nonce), link_tokens.ACCOUNT_LINK)
    join_requests.confirm_join_request(token, at=requested_at)


def choose_emails(people: People, now: datetime) -> None:
    """Give Permian a shared mailbox, and Bluebonnet's viewer a daily summary about all agreements (T17).

    After the stories, whose emails would fill both.
    """
    permian = people.companies[PERMIAN.legal_name]
    permian.shared_mailbox = MAILBOX
    permian.save(update_fields=["shared_mailbox"])
    administrator = people.users[PERMIAN.administrator.username]
    changes = {"shared_mailbox": ["", MAILBOX]}
    permian.record_event(CompanyEventKind.MAILBOX, by=administrator, changes=changes, at=now - timedelta(days=8))
    assert BLUEBONNET.viewer
    timings = dict.fromkeys(CompanyEmail.values, EmailTiming.DAILY.value)
    timings[CompanyEmail.WITHDRAWN] = EmailTiming.OFF
    viewer = people.users[BLUEBONNET.viewer.username]
    change_settings(viewer.membership, covers_company=True, timings=timings)
