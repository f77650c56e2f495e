"""The operator of the portal reviews, approves, refuses and corrects a company (T13, D1)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from companies.models import Company, CompanyStanding, Membership
from notifications.models import Email
from tests.factories import CompanyFactory, MembershipFactory, OperatorFactory
from tests.support.company_links import (
    OWNER,
    confirm,
    email_kinds_to,
    register_company,
)

pytestmark = pytest.mark.django_db


def standing_page(company: Company) -> str:
    """The address of the page where an operator decides about the company."""
    return reverse("admin:companies_company_standing", args=[company.pk])


def test_operator_sees_the_profile_and_approves_on_its_page(client):
    """T13, D1"""
    register_company(client)
    confirm(client)
    company = Company.objects.get()
    client.force_login(OperatorFactory())
    page = client.get(reverse("admin:companies_company_change", args=[company.pk])).content.decode()
    assert "This company is waiting for approval" in page
    address = standing_page(company)
    assert address in page
    page = client.get(address).content.decode()
    for seen in ("Caddo Solar LLC", "987654321", "caddo-solar.example/privacy", OWNER, "Approve", "Refuse"):
        assert seen in page, seen

    client.post(address, {"decision": "approved"})

    company.refresh_from_db()
    assert company.standing == CompanyStanding.APPROVED
    assert email_kinds_to(OWNER)[-1] == "COMPANY_APPROVED"
    assert 'value="approved"' not in client.get(address).content.decode()
    page = client.post(address, {"decision": "suspended", "reason": " "}).content.decode()
    assert "Enter a reason" in page
    company.refresh_from_db()
    assert company.standing == CompanyStanding.APPROVED, "a suspension needs a reason"
    client.post(address, {"decision": "suspended", "reason": "Complaints of customers."})
    company.refresh_from_db()
    assert (company.standing, company.standing_reason) == ("suspended", "Complaints of customers.")
    assert email_kinds_to(OWNER)[-1] == "COMPANY_SUSPENDED"
    client.force_login(Membership.objects.get().user)
    for name in ("home", "company", "company_users", "company_approvals"):
        page = client.get(reverse(name)).content.decode()
        assert "Your company is suspended" in page and "Complaints of customers." in page, name


def test_operator_refuses_a_company_with_a_reason_and_can_approve_it_later(client):
    """T13, D1: who registered another company's name gets no further."""
    member = MembershipFactory(company__standing=CompanyStanding.PENDING, is_administrator=True)
    company = member.company
    client.force_login(OperatorFactory())
    address = standing_page(company)
    client.post(address, {"decision": "suspended", "reason": "The DUNS is another company's."})
    company.refresh_from_db()
    assert company.standing == CompanyStanding.SUSPENDED
    email = Email.objects.get(to_address=member.user.email)
    assert "The DUNS is another company's." in email.text
    client.post(address, {"decision": "approved"})
    company.refresh_from_db()
    assert (company.standing, company.standing_reason) == (CompanyStanding.APPROVED, "")


@pytest.mark.parametrize(("name", "warned"), [("Onc\u043er Solar LLC", True), ("Oncor Solar LLC", False)])
def test_a_name_with_foreign_letters_is_pointed_out_before_the_approval(client, name, warned):
    """T13, E3: a Cyrillic o passes for a Latin one."""
    company = MembershipFactory(company__standing=CompanyStanding.PENDING, company__legal_name=name).company
    client.force_login(OperatorFactory())
    page = client.get(standing_page(company)).content.decode()
    assert ("which can look like English letters: Cyrillic, Latin" in page) == warned


def test_a_name_with_foreign_letters_is_approved_on_its_own_page_only(client):
    """T13, E3: the list doesn't point them out."""
    imitation = MembershipFactory(
        company__standing=CompanyStanding.PENDING, company__legal_name="Onc\u043er Solar LLC"
    ).company
    client.force_login(OperatorFactory())
    listed = reverse("admin:companies_company_changelist")
    page = client.post(listed, {"action": "approve", "_selected_action": [imitation.pk]}, follow=True)
    assert "Open the company to approve it" in page.content.decode()
    imitation.refresh_from_db()
    assert imitation.standing == CompanyStanding.PENDING
    client.post(standing_page(imitation), {"decision": "approved"})
    imitation.refresh_from_db()
    assert imitation.standing == CompanyStanding.APPROVED


def admin_form(company: Company, **changes: str) -> dict[str, object]:
    """The form of the company's page in the admin, with `changes`."""
    names = ("legal_name", "duns", "street", "city", "state", "zip_code", "phone", "email", "privacy_policy_url")
    form = {name: str(getattr(company, name)) for name in names}
    form |= dict.fromkeys(["memberships-TOTAL_FORMS", "memberships-INITIAL_FORMS"], "0")
    form |= dict.fromkeys(["events-TOTAL_FORMS", "events-INITIAL_FORMS"], "0")
    return form | changes


def test_only_an_operator_changes_the_legal_name_and_the_company_is_emailed(client):
    """T13: an administrator asks, nothing changes; the operator changes it, both histories say so."""
    member = MembershipFactory(is_administrator=True, company__legal_name="Caddo Solar LLC")
    company, operator = member.company, OperatorFactory()
    client.force_login(member.user)
    form = {"legal_name": "Caddo Group LLC", "duns": company.duns, "reason": "Merger."}
    assert client.post(reverse("company_rename"), form).status_code == 302
    company.refresh_from_db()
    assert company.legal_name == "Caddo Solar LLC"
    email = Email.objects.get(to_address=operator.email, kind="COMPANY_RENAME")
    assert "Caddo Solar LLC → Caddo Group LLC" in email.text and "> Merger." in email.text
    client.force_login(operator)
    client.post(
        reverse("admin:companies_company_change", args=[company.pk]), admin_form(company, legal_name="Caddo Group LLC")
    )
    company.refresh_from_db()
    assert company.legal_name == "Caddo Group LLC"
    assert email_kinds_to(member.user.email) == ["COMPANY_RENAMED"]
    client.force_login(member.user)
    page = client.get(reverse("company")).content.decode()
    assert "Company name: Caddo Solar LLC → Caddo Group LLC" in page and "By the operator of this portal" in page


def test_operators_changes_of_users_are_in_the_companys_history(client):
    """T12, T13"""
    member = MembershipFactory()
    client.force_login(OperatorFactory())
    address = reverse("admin:companies_membership_change", args=[member.pk])
    changed = dict.fromkeys(set(Membership.PERMISSIONS) - {"may_download"}, "on")
    changed |= {"approved_at_0": "2026-11-01", "approved_at_1": "10:00"}
    ended = changed | {"ended_at_0": "2026-11-02", "ended_at_1": "10:00"}
    # Make an administrator who can't download, remove, change nothing, and add again.
    for form in (changed, ended, ended, changed):
        answer = client.post(address, form)
        assert answer.url == reverse("admin:companies_company_change", args=[member.company_id])
    kinds = list(member.company.events.values_list("kind", flat=True))
    assert kinds == ["permissions", "removed", "joined"]
    assert member.company.events.first().changes == {"may_download": [True, False], "is_administrator": [False, True]}


def test_the_checklist_says_what_is_fine_and_what_to_check(client):
    """T13: name, DUNS, email domain, administrator, policy, and companies with a similar name."""
    company = CompanyFactory(
        standing=CompanyStanding.PENDING,
        legal_name="Caddo Solar LLC",
        email="info@caddo-solar.com",
        privacy_policy_url="https://caddo-solar.com/privacy",
    )
    MembershipFactory(company=company, is_administrator=True, user__email="kim@caddo-solar.com")
    imitated = CompanyFactory(legal_name="Caddo Solar Energy Inc")
    client.force_login(OperatorFactory())
    page = client.get(standing_page(company)).content.decode()
    for question in (
        "Is the name written in English letters?",
        "Does this DUNS number belong to this name and address?",
        "Does the company have an email domain?",
        "Does the administrator use it?",
        "Is there a company with a similar name?",
    ):
        assert question in page, question
    assert reverse("admin:companies_company_change", args=[imitated.pk]) in page
    assert 'href="https://caddo-solar.com/privacy" rel="noreferrer nofollow"' in page
    fine = page.count("tag--ok")
    company.email, company.privacy_policy_url = "caddo.solar@gmail.com", ""
    company.save()
    page = client.get(standing_page(company)).content.decode()
    assert page.count("tag--ok") < fine and "a mailbox that anyone can open" in page
