"""What follows a sent form, and who may fill it in (T9, T12, T13)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from agreements.models import Agreement, Draft
from companies.models import CompanyStanding
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory, UserFactory
from tests.support.agreement_forms import NEW, PAGE_2, page_1, review_of, submit
from tests.support.agreements import initiate
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter():
    return MeterFactory()


def _id(address: str) -> str:
    return address.rstrip("/").rsplit("/", 1)[1]


class TestConfirmation:
    def test_names_each_agreement_with_status_expiry_and_what_comes_next(self, client, member, meter):
        """T9."""
        other = MeterFactory()
        words = page_text(client.get(submit(client, meter, other)))
        made = list(Agreement.objects.order_by("number"))
        assert len(made) == 2 and "2 agreements submitted" in words
        expires = timezone.localtime(made[0].expires_at)
        for agreement in made:
            assert agreement.number in words and f"••••••••••{agreement.esiid[-7:]}" in words
            assert agreement.esiid not in words
        assert f"{expires:%B} {expires.day}, {expires.year}, " in words and "Central Time" in words
        assert words.count("Pending") == 2 and "What happens next" in words

    def test_a_second_click_or_a_reload_creates_nothing_more(self, client, member, meter):
        """T9."""
        address = review_of(client, meter)
        first = client.post(address, PAGE_2)
        for second in (client.post(address, PAGE_2), client.get(address), client.get(f"{NEW}?draft={_id(address)}")):
            assert second.status_code == 302 and second["Location"] == first["Location"]
        assert Agreement.objects.get().number in page_text(client.get(first["Location"]))
        assert Agreement.objects.count() == 1 and Email.objects.filter(kind="EM201").count() == 1

    def test_before_the_submission_it_leads_to_page_2(self, client, member, meter):
        """T9."""
        address = review_of(client, meter)
        assert client.get(f"{address}submitted/")["Location"] == address

    def test_all_agreements_of_a_form_or_none(self, client, member, meter):
        """L6: one row that cannot be asked stops the others."""
        other = MeterFactory()
        address = review_of(client, meter, other)
        initiate(MembershipFactory(company=member.company).user, other)
        client.post(address, PAGE_2)
        assert Agreement.objects.count() == 1


class TestAccess:
    @pytest.mark.parametrize("standing", [CompanyStanding.PENDING, CompanyStanding.SUSPENDED])
    def test_a_company_without_approval_reads_why(self, client, member, meter, standing):
        """T13, D1: at once, also between the two pages."""
        address = review_of(client, meter)
        type(member.company).objects.update(standing=standing)
        reason = "waiting for approval" if standing == CompanyStanding.PENDING else "is suspended"
        for response in (client.get(NEW), client.post(NEW, page_1(meter)), client.post(address, PAGE_2)):
            assert response.status_code == 403 and reason in page_text(response)
        assert reason in page_text(client.get("/agreements/"))
        assert not Agreement.objects.exists()

    def test_without_the_permission_no_agreement_is_created(self, client, meter):
        """T12."""
        membership = MembershipFactory(may_initiate=False)
        client.force_login(membership.user)
        for response in (client.get(NEW), client.post(NEW, page_1(meter))):
            assert response.status_code == 403 and "You don't have permission" in page_text(response)
        assert not Draft.objects.exists()

    def test_without_a_membership_the_pages_do_not_exist(self, client):
        """T12: neither for nobody in particular nor for a member who waits for approval."""
        for user in (UserFactory(), MembershipFactory(approved_at=None).user):
            client.force_login(user)
            assert client.get(NEW).status_code == 404 and client.get("/agreements/").status_code == 404
