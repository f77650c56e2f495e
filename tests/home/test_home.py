"""Home says what waits for each role, and the navigation is the design's (T2)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from agreements.models import Agreement, Review
from agreements.states import ReportState, Status
from companies.models import CompanyStanding
from meters.models import Premise
from notifications.failures import FailureReason
from notifications.models import EmailState
from tests.factories import (
    AgreementFactory,
    CustomerFactory,
    DownloadFactory,
    EmailFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    NoticeFactory,
    PremiseFactory,
    ReportFactory,
    UserFactory,
)
from tests.support.home_page import HOME, main
from tests.support.usage import CONSUMPTION, every_day, store

pytestmark = pytest.mark.django_db


def navigation(client) -> list[str]:
    """The words of the main navigation and of My Account, without counts. The phone's menu has each of them once."""
    html = client.get(HOME).content.decode()
    words = {}
    for name, links in re.findall(r'<nav [^>]*aria-label="(Main|My Account|Menu)">(.*?)</nav>', html, re.DOTALL):
        texts = re.findall(r"<a [^>]*>(.*?)</a>", links, re.DOTALL)
        words[name] = [re.sub(r"<span.*", "", text, flags=re.DOTALL).strip() for text in texts]
    both = words["Main"] + words.get("My Account", [])
    assert sorted(words["Menu"]) == sorted(set(both))
    return both


class TestAnonymousHome:
    def test_explains_the_portal_and_where_to_begin(self, client):
        page = client.get(HOME)
        assert page.status_code == 200
        html = page.content.decode()
        for told in ("Got an email from us?", "Electricity customers", "Companies"):
            assert told in html
        assert reverse("account_login") in html
        assert reverse("register") in html
        assert reverse("help") in html

    def test_has_home_and_help_and_nothing_else(self, client):
        assert navigation(client) == ["Home", "Help"]

    def test_costs_no_query_and_no_cookie(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            client.get(HOME)
        assert not client.cookies


class TestThirdPartyHome:
    @pytest.fixture
    def membership(self, client):
        membership = MembershipFactory()
        client.force_login(membership.user)
        return membership

    def test_every_tile_leads_to_as_many_agreements_as_it_says(self, client, membership):
        """T16: pending, expiring soon, to download, in need of attention; another company's are not counted."""
        now, company = timezone.now(), membership.company
        for days in (1, 6, 8):
            AgreementFactory(company=company, initiated_at=now - timedelta(days=30 - days))
        AgreementFactory(company=company, initiated_at=now - timedelta(days=31))
        ReportFactory(agreement__company=company)
        DownloadFactory(report=ReportFactory(agreement__company=company), by=membership.user)
        ReportFactory(agreement__company=company, state=ReportState.NO_DATA)
        AgreementFactory()
        ReportFactory()
        html = client.get(HOME).content.decode()
        tiles = re.findall(
            r'<a class="tile[^"]*" href="([^"]+)"><span class="tile__name"><svg.*?</svg>([^<]+)</span><b>(\d+)', html
        )
        assert [(name, int(count)) for _url, name, count in tiles] == [
            ("Pending", 3), ("Expiring within 7 days", 2), ("Reports to download", 1), ("Needs attention", 1),
        ]  # fmt: skip
        for url, name, count in tiles:
            listed = re.findall(r'<span class="num">', client.get(url).content.decode())
            assert len(listed) == int(count), name

    def test_rows_have_customer_address_and_one_action(self, client, membership):
        """T16: what expires first stands first; a few of each, and the way to the others."""
        company, now = membership.company, timezone.now()
        for days in range(1, 7):
            AgreementFactory(company=company, initiated_at=now - timedelta(days=30 - days), last_name=f"Expires{days}")
        AgreementFactory(company=company, initiated_at=now - timedelta(days=20), last_name="Later")
        ready = ReportFactory(agreement__company=company, agreement__last_name="Ready").agreement
        refused = AgreementFactory(company=company, status=Status.COMPLETE, review=Review.REFUSED, last_name="Refused")
        undelivered = AgreementFactory(company=company, last_name="Bounced", street="1 Elm St")
        EmailFactory(
            about=[undelivered.number], company_id=company.pk, state=EmailState.BOUNCED, failure=FailureReason.REFUSED
        )
        page, html = main(client), client.get(HOME).content.decode()
        assert page.index("Rosa Expires1 206 Boxwood Drive, Baytown Expires tomorrow Send reminder") < page.index(
            "Rosa Expires2 206 Boxwood Drive, Baytown Expires in 2 days Send reminder"
        )
        assert "Expires4" in page and "Expires5" not in page and "2 more" in page and "Later" not in page
        assert f"Rosa Ready 206 Boxwood Drive, Baytown Report: Ready Download {ready.number}" in page
        assert f"Rosa Refused 206 Boxwood Drive, Baytown Report: Refused See why {refused.number}" in page
        assert f"Rosa Bounced 1 Elm St, Baytown Email not delivered See why {undelivered.number}" in page
        assert f'href="/agreements/{ready.number}/report.csv"' in html

    def test_a_masked_customer_has_no_name_and_no_address(self, client, membership):
        """T6, T16"""
        agreement = AgreementFactory(
            company=membership.company, customer=CustomerFactory(), first_name="Chika", last_name="Akin",
            initiated_at=timezone.now() - timedelta(days=29),
        )  # fmt: skip
        page = main(client)
        assert f"C••• A••• ESIID …{agreement.esiid[-7:]}" in page
        assert "Akin" not in page and agreement.street not in page

    def test_the_funnel_counts_the_requests_of_ninety_days(self, client, membership):
        """T16: sent, delivered, answered, accepted, downloaded, with its table; older requests are not in it."""
        company, now = membership.company, timezone.now()
        AgreementFactory(company=company, initiated_at=now - timedelta(days=90), status=Status.REJECTED)
        AgreementFactory.create_batch(4, company=company, initiated_at=now - timedelta(days=9))
        for number in ("112326000001", "112326000002"):
            AgreementFactory(company=company, number=number)
        EmailFactory(
            kind="EM201", about=["112326000001", "112326000002"], company_id=company.pk, state=EmailState.BOUNCED,
            failure=FailureReason.REFUSED,
        )  # fmt: skip
        AgreementFactory(company=company, status=Status.REJECTED)
        AgreementFactory(company=company, status=Status.COMPLETE)
        ReportFactory(agreement__company=company)
        DownloadFactory(report=ReportFactory(agreement__company=company), by=membership.user)
        page = main(client)
        assert "Last 90 days" in page
        table = page[page.index("Stage Requests Of sent") :]
        assert table.startswith(
            "Stage Requests Of sent Sent 10 100% Delivered 8 80% Answered 4 40% Accepted 3 30% Downloaded 1 10%"
        )

    def test_without_agreements_nothing_is_to_do(self, client, membership):
        """T16"""
        page = main(client)
        assert "No agreements yet" in page and "No requests were sent." in page

    def test_offers_only_permitted_actions(self, client, membership):
        """T12."""
        assert "Create a new agreement" in main(client)
        type(membership).objects.update(may_initiate=False, may_download=False, may_view=False)
        page = main(client)
        assert "Create a new agreement" not in page
        assert "Reports to download" not in page
        assert "permission to view agreements" in page

    @pytest.mark.parametrize(
        ("standing", "told"),
        [(CompanyStanding.PENDING, "waiting for approval"), (CompanyStanding.SUSPENDED, "is suspended")],
    )
    def test_explains_why_the_company_cannot_work(self, client, membership, standing, told):
        """T13, D1."""
        type(membership.company).objects.update(standing=standing)
        page = main(client)
        assert told in page
        assert "Create a new agreement" not in page

    def test_has_the_designs_navigation(self, client, membership):
        """T2: an administrator's; others see neither users nor approvals."""
        names = ["Home", "Customer Agreements", "Notices", "Help"]
        names += ["Customer Agreements", "My Profile", "Company Profile"]
        assert navigation(client) == names
        type(membership).objects.update(is_administrator=True)
        assert navigation(client) == [*names, "API", "Manage Users", "Pending Approvals"]

    @pytest.mark.parametrize("how_many", [1, 6])
    def test_costs_few_queries_however_many_there_are(
        self, client, membership, how_many, django_assert_max_num_queries
    ):
        company = membership.company
        for _number in range(how_many):
            AgreementFactory(company=company, initiated_at=timezone.now() - timedelta(days=29))
            ReportFactory(agreement__company=company)
            ReportFactory(agreement__company=company, state=ReportState.NO_DATA)
            NoticeFactory()
        client.get(HOME)  # once: the browser's mark is new
        with django_assert_max_num_queries(16):
            client.get(HOME)


class TestCustomerHome:
    @pytest.fixture
    def claim(self, client):
        claim = EsiidClaimFactory()
        client.force_login(claim.customer.user)
        return claim

    def test_lists_requests_waiting_for_an_answer_first(self, client, claim):
        """C4."""
        AgreementFactory(customer=claim.customer, premise=claim.premise, third_party_name="Asks Now LLC")
        AgreementFactory(customer=claim.customer, third_party_name="Answered LLC", status=Status.REJECTED)
        AgreementFactory(third_party_name="Of Others LLC")
        page = main(client)
        assert "1 request waiting for your answer" in page
        assert "Asks Now LLC" in page
        assert page.index("Asks Now LLC") < page.index("Your smart meters")
        assert "Answered LLC" not in page
        assert "Of Others LLC" not in page

    def test_lists_current_meters_with_masked_esiids(self, client, claim):
        """E1's sense."""
        meter = MeterFactory(premise=claim.premise)
        MeterFactory(premise=claim.premise, number="OLD99", removed_on=timezone.now().date())
        former = MeterFactory(premise=PremiseFactory())
        EsiidClaimFactory(customer=claim.customer, premise=former.premise, until=timezone.now())
        page = main(client)
        assert f"Meter {meter.number}" in page
        assert claim.premise.esiid not in page
        assert claim.premise.esiid[-7:] in page
        assert "OLD99" not in page
        assert former.number not in page

    def test_lists_unread_notices_with_a_count(self, client, claim):
        for _number in range(4):
            NoticeFactory(tdsp=claim.premise.tdsp)
        html = client.get(HOME).content.decode()
        assert html.count("New</span>") == 3
        assert "4 unread" in html

    def test_has_the_designs_navigation(self, client, claim):
        """T2."""
        assert navigation(client) == [
            *("Home", "Usage", "3rd Party Agreements", "Notices", "Help"),
            *("3rd Party Agreements", "My Smart Meters", "Who has my data", "My Profile"),
        ]

    def test_usage_comes_first(self, client, claim):
        """C4, C5: what was used in the last 7 days with readings, with a link to all of it."""
        last = timezone.localdate() - timedelta(days=3)
        store(claim.premise, *every_day(last - timedelta(days=20), last, CONSUMPTION))
        page = client.get(HOME).content.decode()
        usage = page.index("Your usage</h2>")
        assert usage < page.index('id="waiting"')
        part = page[usage : page.index('id="waiting"')]
        assert reverse("meter_usage", args=[claim.pk]) in part and "kWh" in part
        assert part.count("<rect") == 7 and f">{date_format(last, 'D')}</text>" in part

    def test_no_bar_shows_a_day_before_the_service_began(self, client, claim):
        """X7, R2."""
        last = timezone.localdate() - timedelta(days=1)
        store(claim.premise, *every_day(last - timedelta(days=20), last, CONSUMPTION))
        Premise.objects.filter(pk=claim.premise_id).update(service_since=last - timedelta(days=1))
        page = client.get(HOME).content.decode()
        week = page[page.index('<svg class="week"') :]
        assert week[: week.index("</svg>")].count("<rect") == 2

    def test_an_empty_list_has_no_number(self, client, claim):
        """C4."""
        page = client.get(HOME).content.decode()
        assert "No requests right now." in page and "0 requests" not in page

    def test_costs_six_queries_at_most(self, client, claim, django_assert_max_num_queries):
        """C4: however many meters, requests and notices there are."""
        yesterday = timezone.localdate() - timedelta(days=1)
        for _number in range(6):
            with_usage = EsiidClaimFactory(customer=claim.customer)
            store(with_usage.premise, *every_day(yesterday - timedelta(days=9), yesterday, CONSUMPTION))
            MeterFactory(premise=claim.premise)
            AgreementFactory(customer=claim.customer)
            NoticeFactory(tdsp=claim.premise.tdsp)
        with django_assert_max_num_queries(6):
            page = client.get(HOME).content.decode()
        assert page.count('<svg class="week"') == 4  # of the first five meters, one is without readings


def test_a_user_without_a_role_reads_what_to_do(client):
    client.force_login(UserFactory())
    assert "Your account is not ready yet" in main(client)


def test_open_soonest_first_leaves_out_overdue_agreements():
    """L2."""
    AgreementFactory(expires_at=timezone.now() - timedelta(seconds=1), initiated_at=timezone.now() - timedelta(days=30))
    assert not Agreement.objects.open_soonest_first().exists()
    assert not Agreement.objects.visible_to(AnonymousUser()).exists()
