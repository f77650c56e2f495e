"""Manage Users: permissions and removal, with at least one administrator left (T12)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies import invitations, members, permissions, profile
from companies.models import Company, CompanyEvent, CompanyLinkKind, CompanyStanding, Membership
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import CompanyLinkFactory, MembershipFactory
from tests.support.company_links import email_kinds_to
from tests.support.races import met, together

pytestmark = pytest.mark.django_db
BEN = "ben@caddo-solar.example"


def test_permissions_change_at_once_and_the_user_is_emailed(client, administrator):
    """T12"""
    member = MembershipFactory(company=administrator.company, may_download=False)
    address = reverse("company_user", args=[member.pk])
    client.post(address, {"permissions": ["may_view", "may_download"]})
    member.refresh_from_db()
    assert member.permissions == {"may_view", "may_download"}
    email = Email.objects.get(to_address=member.user.email)
    assert email.kind == "MEMBER_CHANGED" and "- download reports" in email.text and "initiate" not in email.text
    page = client.get(reverse("company")).content.decode()
    assert "Can now: download reports" in page and "Can no longer: create agreements" in page
    client.post(address, {"permissions": ["may_view", "may_download"]})
    assert Email.objects.filter(to_address=member.user.email).count() == 1, "no change, no email"
    client.force_login(member.user)
    assert client.get(reverse("agreement_new")).status_code == 403


def test_removed_user_loses_access_at_once(client, administrator):
    """T12: also in a session that is open."""
    member = MembershipFactory(company=administrator.company)
    theirs = Client()
    theirs.force_login(member.user)
    assert theirs.get(reverse("agreements")).status_code == 200
    address = reverse("company_user_remove", args=[member.pk])
    assert "Remove" in client.get(address).content.decode()
    assert Membership.objects.get(pk=member.pk).ended_at is None, "a GET removes no user"
    client.post(address)
    for name in ("agreements", "agreement_new", "company", "member_profile", "company_users"):
        assert theirs.get(reverse(name)).status_code == 404, name
    assert "linked to a company or a customer" in theirs.get(reverse("home")).content.decode()
    assert email_kinds_to(member.user.email) == ["MEMBER_REMOVED"]
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("standing", CompanyStanding.values)
def test_only_administrators_manage_the_company(client, standing):
    """T12: pages and posts alike, with the reason; the navigation does not name them."""
    user = MembershipFactory(company__standing=standing)
    other = MembershipFactory(company=user.company)
    client.force_login(user.user)
    pages = {
        "company_edit": [],
        "company_rename": [],
        "company_users": [],
        "company_invite": [],
        "company_user": [other.pk],
        "company_user_remove": [other.pk],
        "company_invitation_resend": [CompanyLinkFactory(company=user.company).pk],
        "company_invitation_cancel": [CompanyLinkFactory(company=user.company).pk],
        "company_approvals": [],
        "company_approval": [1],
        "company_approval_decline": [1],
    }
    for name, args in pages.items():
        for answer in (client.get(reverse(name, args=args)), client.post(reverse(name, args=args), {})):
            assert answer.status_code == 403, name
            assert "Only an administrator of your company can do this" in answer.content.decode()
    home = client.get(reverse("home")).content.decode()
    for name in ("company_users", "company_approvals"):
        assert f'href="{reverse(name)}"' not in home
    for name in ("company", "member_profile", "agreements"):
        assert f'href="{reverse(name)}"' in home
    assert not CompanyEvent.objects.exists() and not Email.objects.exists()


def test_another_companys_users_invitations_and_requests_are_not_found(client, administrator):
    """T12: 404 for a GET and for a POST."""
    theirs = MembershipFactory(is_administrator=True)
    MembershipFactory(company=theirs.company, is_administrator=True)
    invited = CompanyLinkFactory(company=theirs.company)
    asks = CompanyLinkFactory(company=theirs.company, kind=CompanyLinkKind.JOIN_REQUEST, confirmed_at=timezone.now())
    for name, pk in [("company_user", theirs.pk), ("company_user_remove", theirs.pk), ("company_approval", asks.pk)]:
        assert client.get(reverse(name, args=[pk])).status_code == 404
        assert client.post(reverse(name, args=[pk]), {"permissions": ["may_view"]}).status_code == 404
    for name, pk in [
        ("company_invitation_resend", invited.pk),
        ("company_invitation_cancel", invited.pk),
        ("company_approval_decline", asks.pk),
    ]:
        assert client.post(reverse(name, args=[pk])).status_code == 404
    pages = [client.get(reverse(name)).content.decode() for name in ("company", "company_users", "company_approvals")]
    for words in (theirs.user.email, invited.email, asks.email, theirs.company.legal_name):
        assert not any(words in page for page in pages)


def test_administrators_rights_are_checked_when_the_action_runs(administrator):
    """T12: a page opened before the removal decides nothing after it."""
    other = MembershipFactory(company=administrator.company)
    colleague = Membership.objects.exclude(pk__in=[administrator.pk, other.pk]).get(company=administrator.company)
    members.remove_member(administrator, by=colleague.user)
    for action in (
        lambda: members.remove_member(other, by=administrator.user),
        lambda: members.change_permissions(other, ["may_view"], by=administrator.user),
        lambda: invitations.invite_user(administrator.company, BEN, ["may_view"], by=administrator.user),
        lambda: profile.change_profile(administrator.company, {"city": "Waco"}, by=administrator.user),
    ):
        with pytest.raises(PermissionDenied):
            action()


def test_last_administrator_cannot_be_removed(client):
    """T12"""
    only = MembershipFactory(is_administrator=True)
    MembershipFactory(company=only.company)
    MembershipFactory(company=only.company, is_administrator=True, user__is_active=False)
    MembershipFactory(company=only.company, is_administrator=True, ended_at=timezone.now())
    client.force_login(only.user)
    sentence = "A company must have at least one administrator."
    answer = client.post(reverse("company_user_remove", args=[only.pk]), follow=True).content.decode()
    assert sentence in answer
    answer = client.post(reverse("company_user", args=[only.pk]), {"permissions": ["may_view"]}).content.decode()
    assert sentence in answer
    only.refresh_from_db()
    assert only.is_administrator and only.ended_at is None


def remove_two_administrators_at_once() -> tuple[list, int]:
    one = MembershipFactory(is_administrator=True)
    other = MembershipFactory(company=one.company, is_administrator=True)
    results = together(
        [
            lambda: members.remove_member(other, by=one.user),
            lambda: members.change_permissions(one, ["may_view"], by=other.user),
        ]
    )
    return results, Membership.objects.administrators().filter(company=one.company).count()


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_remove_each_other_at_once_leave_one():
    """T12"""
    for _ in range(5):
        results, left = remove_two_administrators_at_once()
        assert left == 1
        assert sum(isinstance(result, Refused | PermissionDenied) for result in results) == 1


@pytest.mark.fault
@pytest.mark.control
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_no_administrator_is_left(monkeypatch):
    """T12: each sees the other one."""
    monkeypatch.setattr(members, "has_other_administrator", met(members.has_other_administrator, by=2))
    monkeypatch.setattr(permissions, "lock_company", lambda company_id: Company.objects.get(pk=company_id))
    assert remove_two_administrators_at_once()[1] == 0
