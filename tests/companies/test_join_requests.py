"""Asking to join a company, and Pending Approvals (T13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from companies import join_requests
from companies.models import Company, CompanyLink, CompanyLinkKind, CompanyStanding, Membership
from notifications.models import Email
from tests.factories import CompanyFactory, CompanyLinkFactory, MembershipFactory, UserFactory
from tests.support.company_links import account_form, ask_to_join, email_kinds_to, last_link_to, link_token
from tests.support.registration import log_in

pytestmark = pytest.mark.django_db
CY = "cy@caddo-solar.example"


def ask_and_confirm(client, company: str = "Caddo Solar LLC", **changes: str):
    client.logout()
    ask_to_join(client, company, **changes)
    return client.post(last_link_to("JOIN_CONFIRM", changes.get("email", CY)))


@pytest.mark.parametrize("words", ["Caddo Solar LLC", "caddo  solar llc", "987654321", "98-765-4321"])
def test_person_asks_to_join_is_approved_and_gets_an_account(client, administrator, words):
    """T13: emails both ways; the permissions are the administrator's choice."""
    client.logout()
    assert ask_to_join(client, words).headers["Location"] == reverse("company_join_sent")
    assert email_kinds_to(administrator.user.email) == [], "no request from an unconfirmed address"
    client.post(last_link_to("JOIN_CONFIRM", CY))
    assert email_kinds_to(administrator.user.email) == ["JOIN_REQUESTED"]

    client.force_login(administrator.user)
    home = client.get(reverse("home")).content.decode()
    assert "1 waiting" in home
    listed = client.get(reverse("company_approvals")).content.decode()
    assert "Cy Lund" in listed and CY in listed
    request = CompanyLink.objects.get()
    address = reverse("company_approval", args=[request.pk])
    assert CY in client.get(address).content.decode()
    assert "Choose at least one permission." in client.post(address, {}).content.decode()
    assert client.post(address, {"permissions": ["may_view", "may_download"]}).status_code == 302

    client.logout()
    link = last_link_to("USER_INVITED", CY)
    page = client.get(link).content.decode()
    assert 'value="Cy"' in page and 'value="Lund"' in page
    client.post(link, account_form(first_name="Cy", last_name="Lund", username="cy.lund"))
    assert Membership.objects.get(user__username="cy.lund").permissions == {"may_view", "may_download"}
    assert log_in(client, "cy.lund").headers["Location"] == reverse("home")


def test_declined_person_is_emailed_and_can_ask_again(client, administrator):
    """T13"""
    ask_and_confirm(client)
    client.force_login(administrator.user)
    request = CompanyLink.objects.get()
    assert client.post(reverse("company_approval_decline", args=[request.pk])).status_code == 302
    assert email_kinds_to(CY) == ["JOIN_CONFIRM", "JOIN_DECLINED"]
    assert client.get(reverse("company_approval", args=[request.pk])).status_code == 404
    assert "No requests" in client.get(reverse("company_approvals")).content.decode()
    assert CompanyLink.objects.get().answers == {}
    ask_and_confirm(client)
    assert Company.objects.get().links.open_join_requests().count() == 1


def test_unknown_company_looks_the_same_as_a_registered_one(client, administrator):
    """T13: same page, same email, same page after the confirmation."""
    client.logout()
    here = ask_to_join(client, "Caddo Solar LLC", email="a@one.example")
    nowhere = ask_to_join(client, "No Such Company", email="b@one.example")
    assert (here.status_code, here.headers["Location"]) == (nowhere.status_code, nowhere.headers["Location"])
    emails = [Email.objects.get(to_address=address) for address in ("a@one.example", "b@one.example")]
    texts = [email.text.replace(email.placeholder, "") for email in emails]
    assert texts[0].splitlines()[0] == texts[1].splitlines()[0] and len(texts[0]) == len(texts[1])
    assert emails[0].subject == emails[1].subject
    pages = [client.post(last_link_to("JOIN_CONFIRM", email.to_address)).content for email in emails]
    assert pages[0] == pages[1]
    assert not Email.objects.filter(kind="JOIN_REQUESTED", to_address="b@one.example").exists()
    assert CompanyLink.objects.filter(company=None).count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_mail_scanner_that_follows_the_link_sends_no_request(client, administrator, method):
    """T13: a GET changes nothing."""
    client.logout()
    ask_to_join(client, "Caddo Solar LLC")
    for _ in range(3):
        assert getattr(client, method)(last_link_to("JOIN_CONFIRM", CY)).status_code == 200
    assert email_kinds_to(administrator.user.email) == []
    assert CompanyLink.objects.get().confirmed_at is None


@pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
def test_company_that_is_not_approved_gets_no_requests(client, administrator, standing):
    """T13: a stranger who registers a company's name or DUNS gets no names and emails of its people."""
    Company.objects.update(standing=standing)
    for words in ("Caddo Solar LLC", "987654321"):
        ask_and_confirm(client, words)
    assert email_kinds_to(administrator.user.email) == []
    assert not administrator.company.links.exists()


def test_pending_company_of_the_same_name_gets_no_requests(client, administrator):
    """T13"""
    namesake = MembershipFactory(
        company__legal_name="Caddo Solar LLC", company__standing=CompanyStanding.PENDING, is_administrator=True
    )
    ask_and_confirm(client)
    assert email_kinds_to(administrator.user.email) == ["JOIN_REQUESTED"]
    assert email_kinds_to(namesake.user.email) == []


def test_of_two_approved_companies_of_one_name_only_the_duns_identifies_one(client, administrator):
    CompanyFactory(legal_name="CADDO SOLAR LLC")
    ask_and_confirm(client)
    assert email_kinds_to(administrator.user.email) == []
    ask_and_confirm(client, "987654321")
    assert email_kinds_to(administrator.user.email) == ["JOIN_REQUESTED"]


def test_second_request_replaces_the_first(client, administrator):
    for _ in range(2):
        ask_and_confirm(client)
    waiting = administrator.company.links.open_join_requests()
    assert waiting.count() == 1
    assert CompanyLink.objects.exclude(pk=waiting.get().pk).get().ended_as == "replaced"


def test_unanswered_request_expires_after_thirty_days(client, administrator):
    at = timezone.now()
    ask_and_confirm(client)
    in_time, late = (at + settings.COMPANY_REQUEST_PERIOD + timedelta(minutes=sign * 5) for sign in (-1, 1))
    assert administrator.company.links.open_join_requests(at=in_time).exists()
    assert not administrator.company.links.open_join_requests(at=late).exists()


def test_emails_about_requests_are_limited(client, administrator):
    """X2: after the day's emails the requests still stand under Pending Approvals."""
    requests = [
        CompanyLinkFactory(company=administrator.company, kind=CompanyLinkKind.JOIN_REQUEST)
        for _ in range(settings.COMPANY_REQUEST_EMAILS + 3)
    ]
    for request in requests:
        join_requests.confirm_join_request(link_token(request))
    assert len(email_kinds_to(administrator.user.email)) == settings.COMPANY_REQUEST_EMAILS
    client.force_login(administrator.user)
    page = client.get(reverse("company_approvals")).content.decode()
    assert all(request.email in page for request in requests)


def test_only_an_approved_company_accepts_users(client, administrator):
    """T13"""
    ask_and_confirm(client)
    Company.objects.update(standing=CompanyStanding.SUSPENDED, standing_reason="Complaints.")
    client.force_login(administrator.user)
    address = reverse("company_approval", args=[CompanyLink.objects.get().pk])
    page = client.get(address).content.decode()
    assert "Your company is suspended" in page and ">Approve</button>" not in page
    assert client.post(address, {"permissions": ["may_view"]}).status_code == 403
    assert "USER_INVITED" not in email_kinds_to(CY)


def test_current_user_who_asks_to_join_is_recognized(client, administrator):
    colleague = MembershipFactory(company=administrator.company, user=UserFactory(email=CY))
    ask_and_confirm(client)
    client.force_login(administrator.user)
    address = reverse("company_approval", args=[CompanyLink.objects.get().pk])
    answer = client.post(address, {"permissions": ["may_view"]}).content.decode()
    assert "This person is already a user of your company." in answer
    assert Membership.objects.get(pk=colleague.pk).permissions == colleague.permissions
