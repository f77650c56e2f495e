"""My Profile and Company Profile of a third party (T2, T8, T12, T13)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from companies.models import Company, CompanyStanding
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import initiate

pytestmark = pytest.mark.django_db

PROFILE = {
    "street": "500 Fredonia Street",
    "city": "Longview",
    "state": "TX",
    "zip_code": "75601",
    "phone": "903-555-0199",
    "email": "office@caddo-solar.example",
    "privacy_policy_url": "https://caddo-solar.example/new-privacy",
}


def test_administrator_changes_the_profile_and_existing_agreements_keep_theirs(client, administrator):
    """T8, T13"""
    (before,) = initiate(administrator.user, MeterFactory())
    kept = (before.third_party_name, before.submission.privacy_policy_url)
    assert client.post(reverse("company_edit"), PROFILE).headers["Location"] == reverse("company")
    page = client.get(reverse("company")).content.decode()
    for value in ("500 Fredonia Street", "Longview, TX 75601", "(903) 555-0199", "new-privacy"):
        assert value in page
    assert "City: Austin → Longview" in page, "the history says what was changed"
    before.refresh_from_db()
    assert (before.third_party_name, before.submission.privacy_policy_url) == kept
    (after,) = initiate(User.objects.get(pk=administrator.user.pk), MeterFactory())
    assert after.submission.privacy_policy_url == PROFILE["privacy_policy_url"]


def test_forged_post_changes_neither_name_nor_duns_nor_standing(client, administrator):
    """T13: what the operator approved does not change, and a pending company does not approve itself."""
    Company.objects.update(standing=CompanyStanding.PENDING)
    before = Company.objects.values("legal_name", "duns", "standing").get()
    forged = PROFILE | {"legal_name": "Oncor", "duns": "999999999", "standing": "approved"}
    assert client.post(reverse("company_edit"), forged).status_code == 302
    assert Company.objects.values("legal_name", "duns", "standing").get() == before
    assert Company.objects.get().city == "Longview"


def test_invalid_profile_field_is_named_and_the_rest_is_kept(client, administrator):
    """A2"""
    answer = client.post(reverse("company_edit"), PROFILE | {"zip_code": "7560", "phone": "12"})
    assert set(answer.context["form"].errors) == {"zip_code", "phone"}
    page = answer.content.decode()
    assert 'value="500 Fredonia Street"' in page and 'value="7560"' in page
    assert Company.objects.get().city == "Austin"


def test_every_user_sees_the_profile_and_only_administrators_see_the_history(client, administrator):
    """T12"""
    client.post(reverse("company_edit"), PROFILE)
    assert "History" in client.get(reverse("company")).content.decode()
    client.force_login(MembershipFactory(company=administrator.company, may_view=False).user)
    page = client.get(reverse("company")).content.decode()
    assert administrator.company.legal_name in page and administrator.user.email in page
    assert "History" not in page and reverse("company_edit") not in page


def test_suspended_company_sees_its_profile_and_changes_nothing(client, administrator):
    """T13"""
    Company.objects.update(standing=CompanyStanding.SUSPENDED, standing_reason="Complaints of customers.")
    page = client.get(reverse("company")).content.decode()
    assert "Complaints of customers." in page and reverse("company_edit") not in page
    for name, form in (("company_edit", PROFILE), ("company_rename", {})):
        assert client.get(reverse(name)).status_code == client.post(reverse(name), form).status_code == 403
    assert Company.objects.get().city == "Austin"


def test_rename_request_needs_a_change_and_a_reason_and_is_limited(client, administrator):
    """T13, X2"""
    operator, company = OperatorFactory(), administrator.company
    same = {"legal_name": company.legal_name, "duns": company.duns, "reason": "Merger."}
    assert "different from the current one" in client.post(reverse("company_rename"), same).content.decode()
    without = client.post(reverse("company_rename"), same | {"legal_name": "New LLC", "reason": " "})
    assert "reason" in without.context["form"].errors and 'value="New LLC"' in without.content.decode()
    for number in range(settings.COMPANY_EMAILS_PER_ADDRESS):
        response = client.post(reverse("company_rename"), same | {"legal_name": f"New {number} LLC"})
        assert response.status_code == 302
    more = client.post(reverse("company_rename"), same | {"legal_name": "Newer LLC"}).content.decode()
    assert "asked several times today." in more
    assert Email.objects.filter(to_address=operator.email).count() == settings.COMPANY_EMAILS_PER_ADDRESS
    assert Company.objects.get().legal_name == company.legal_name


def test_users_name_and_phone_are_the_contact_on_the_next_agreement(client, administrator):
    """T8: and the user id, the email and the permissions are not the user's to change here."""
    user = administrator.user
    form = {"first_name": "Jim", "last_name": "Wilson-Hart", "phone": "512-555-0177", "phone_extension": "9"}
    forged = form | {"email": "x@y.example", "username": "root", "is_staff": "on", "may_download": "on"}
    assert client.post(reverse("member_profile"), forged).headers["Location"] == reverse("member_profile")
    was = (user.email, user.username)
    user.refresh_from_db()
    assert (user.get_full_name(), str(user.phone), user.phone_extension) == ("Jim Wilson-Hart", "+1 512-555-0177", "9")
    assert (user.email, user.username, user.is_staff) == (*was, False)
    page = client.get(reverse("member_profile")).content.decode()
    for name in ("account_email", "account_change_password", "mfa_index", "usersessions_list", "company"):
        assert f'href="{reverse(name)}"' in page
    assert "manage the company profile, users, and approvals" in page


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"first_name": "", "last_name": "Hart"}, "first_name"),
        ({"first_name": "Jim", "last_name": "Hart", "phone": "12"}, "phone"),
        ({"first_name": "Jim", "last_name": "Hart", "phone_extension": "x9"}, "phone_extension"),
    ],
)
def test_invalid_field_of_my_profile_is_named(client, administrator, form, field):
    """A2"""
    answer = client.post(reverse("member_profile"), form)
    assert field in answer.context["form"].errors
    assert "Hart" in answer.content.decode()
