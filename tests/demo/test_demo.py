"""The demo tells a whole story (issue 2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from django.urls import reverse

from accounts.models import User
from agreements.models import Agreement, BulkInvitation, BulkState, EventKind, NotificationSettings, SummaryEntry
from agreements.states import ReportState, Status
from api.models import ApiClient, DeliveryState, Environment, WebhookDelivery
from api.problems import format_time
from companies.models import Company, CompanyStanding
from customers.models import ClaimState, Customer, CustomerKind
from demo import loader, usage
from demo.people import BLUEBONNET, PASSWORD
from meters.identifiers import normalize_esiid
from meters.models import Premise, Tdsp, Upload, UploadState, UsageDay
from notifications.models import Email, EmailState
from reports.models import Report

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module", autouse=True)
def demo(module_transaction: None) -> loader.LoadedDemo:
    """The demo with only the premises that its stories need, and eighty days of usage."""
    return loader.load_demo(premises=0, days=80, at=AT)


def test_it_has_agreements_in_every_status_and_reports_of_every_kind(demo: loader.LoadedDemo) -> None:
    assert set(Agreement.objects.values_list("status", flat=True)) == set(Status.values)
    states = set(Report.objects.values_list("agreement__report_state", flat=True))
    assert states == {ReportState.READY, ReportState.NO_DATA, ReportState.PURGED, ReportState.FAILED}
    assert not Agreement.objects.awaiting_report().exists()
    assert not Agreement.objects.overdue(at=AT).exists()
    assert demo.agreements == Agreement.objects.count() <= 28
    for company in Company.objects.all():
        assert company.agreements.count() < 25  # T1: a list, no search yet


def test_one_customer_knows_no_such_company_and_one_request_has_three_meters() -> None:
    """C8, C10."""
    assert Agreement.objects.get(is_company_unknown=True).events.filter(kind=EventKind.COMPANY_UNKNOWN).exists()
    assert Agreement.objects.pending().values("submission").annotate(meters=Count("pk")).filter(meters=3).exists()


def test_one_customer_shares_less_than_asked() -> None:
    """C9."""
    (less,) = [agreement for agreement in Agreement.objects.all() if agreement.shares_less]
    assert (less.granted_type, less.granted_length) == ("monthly", "6m")
    assert Report.objects.get(agreement=less).file_name.endswith("-monthly.csv")


def test_it_has_reports_with_gaps_estimates_and_a_shortened_period() -> None:
    """R2, R4"""
    gap = Report.objects.get(agreement__last_name="Tolliver")
    assert (usage.GAP.stop - usage.GAP.start) == 3
    assert [str(TODAY - timedelta(days=ago)) for ago in (26, 24)] in gap.missing_days["Consumption"]
    assert Report.objects.get(agreement__last_name="Tran").estimated_intervals > 96 * 6
    tenant = Report.objects.get(agreement__last_name="Bell")
    assert tenant.first_day == TODAY - timedelta(days=92) > tenant.asked_first_day


def test_every_email_of_an_open_agreement_is_queued_and_every_other_was_sent_in_its_day(
    demo: loader.LoadedDemo,
) -> None:
    """E2: a newcomer's mailbox shows the open invitations and no flood."""
    pending = Agreement.objects.pending().values("number")
    for email in Email.objects.filter(about__overlap=pending):
        expected = {("EM201", EmailState.QUEUED), ("EM202", EmailState.QUEUED), ("EM201", EmailState.BOUNCED)}
        assert (email.kind, email.state) in expected
    invited = [number for email in Email.objects.filter(about__overlap=pending, kind="EM201") for number in email.about]
    assert sorted(invited) == sorted(pending.values_list("number", flat=True)) and len(invited) >= 5
    assert Email.objects.filter(about__overlap=pending, kind="EM202").exists()
    ended = Email.objects.exclude(about__overlap=pending).exclude(about=[])  # those about accounts have their own test
    assert ended.exists() and set(ended.values_list("state", flat=True)) == {EmailState.SENT}
    for email in ended:
        agreement = Agreement.objects.get(number=email.about[0])
        assert email.sent_at is not None
        assert agreement.initiated_at <= email.queued_at < email.sent_at < AT


def test_events_are_in_order_and_lie_in_the_past() -> None:
    """L2, L7, L8"""
    for agreement in Agreement.objects.prefetch_related("events"):
        events = list(agreement.events.all())
        assert events[0].kind == EventKind.INITIATED and events[0].at == agreement.initiated_at
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert events[-1].to_status == agreement.status
        assert events[-1].at < AT
        assert agreement.expires_at - agreement.initiated_at == timedelta(days=30)


def test_everybody_can_log_in_with_the_one_password(client: Client) -> None:
    assert len(PASSWORD) >= 15
    for user in User.objects.filter(is_person=True):
        assert client.login(username=user.username, password=PASSWORD), user.username


def test_the_people_are_all_there() -> None:
    standings = [company.standing for company in Company.objects.all()]
    assert sorted(standings) == [CompanyStanding.APPROVED, CompanyStanding.APPROVED, CompanyStanding.PENDING]
    approved = Company.objects.filter(standing=CompanyStanding.APPROVED)
    assert {bool(company.privacy_policy_url) for company in approved} == {True, False}
    for company in approved:
        assert company.memberships.filter(is_administrator=True, may_initiate=True, may_download=True).exists()
        assert company.memberships.filter(may_view=True, may_initiate=False, may_download=False).exists()
    assert set(Customer.objects.values_list("kind", flat=True)) == set(CustomerKind.values)
    assert Customer.objects.filter(user__language="es").exists()
    assert User.objects.filter(is_superuser=True, tdsp=None).exists()
    assert User.objects.filter(is_staff=True, is_superuser=False).exclude(tdsp=None).exists()
    people = User.objects.filter(is_person=True)
    assert not people.exclude(email__regex=r"(@example\.(com|net|org)|\.example)$").exists()


def test_each_tdsp_has_loaded_a_file_and_one_has_rejected_rows() -> None:
    """D2"""
    uploads = {upload.state: upload for upload in Upload.objects.all()}
    assert set(uploads) == {UploadState.DONE, UploadState.PARTIAL, UploadState.FAILED}
    partial = uploads[UploadState.PARTIAL]
    assert partial.rejected == 4 and partial.new > 3
    assert set(partial.rejected_by_reason) == {"unknown_esiid", "other_tdsp", "kwh"}
    assert uploads[UploadState.DONE].unchanged > 5 and not uploads[UploadState.DONE].new
    assert all(upload.queued_at < upload.finished_at < AT for upload in uploads.values())


def test_a_bulk_file_has_been_sent_with_two_refused_rows() -> None:
    """T14"""
    bulk = BulkInvitation.objects.get()
    assert (bulk.state, bulk.counts()["created"], bulk.counts()["refused"]) == (BulkState.FINISHED, 3, 2)
    assert bulk.created_at < bulk.attested_at < bulk.ended_at < AT
    numbers = bulk.rows.exclude(agreement_number="").values_list("agreement_number", flat=True)
    assert Agreement.objects.pending().filter(number__in=numbers, initiated_at=bulk.ended_at).count() == 3


def test_a_company_has_programs_and_an_endpoint_with_deliveries() -> None:
    """P1, W4, W9: no delivery waits, so that no worker sends the demo's past to an endpoint that doesn't exist."""
    live = ApiClient.objects.get(environment=Environment.LIVE)
    assert live.keys.live(at=AT).count() == 1 and ApiClient.objects.filter(environment=Environment.TEST).exists()
    deliveries = list(live.endpoints.get().deliveries.order_by("pk"))
    assert len(deliveries) > 5
    assert [delivery.state for delivery in deliveries[:2]] == [DeliveryState.FAILED, DeliveryState.SUCCEEDED]
    assert not WebhookDelivery.objects.filter(state=DeliveryState.PENDING).exists()
    times = [delivery.created_at for delivery in deliveries]
    assert times == sorted(times) and times[-1] < AT
    for delivery in deliveries:
        assert delivery.event.at < delivery.created_at
        assert [attempt["at"] for attempt in delivery.attempts] == sorted(
            attempt["at"] for attempt in delivery.attempts
        )
        assert delivery.attempts[-1]["at"] < format_time(AT)


def test_one_company_has_a_shared_mailbox_and_one_user_a_daily_summary() -> None:
    """T17: and what happened before is in neither."""
    mailbox = Company.objects.exclude(shared_mailbox="").get().shared_mailbox
    assert not Email.objects.filter(to_address=mailbox).exists()
    assert NotificationSettings.objects.get().covers_company and not SummaryEntry.objects.exists()


@time_machine.travel(AT)
def test_a_company_waits_a_user_is_invited_and_another_asks_to_join(client: Client) -> None:
    """T12, T13: each is on its page, and the emails about it are in the mailbox."""
    others = (
        Email.objects.filter(about=[])
        .exclude(kind__startswith="CLAIM")
        .exclude(kind__in=["DISAVOWED", "REVIEW", "UNKNOWN"])
    )
    kinds = others.values_list("kind", flat=True)
    assert sorted(kinds) == ["BULK_FINISHED", "COMPANY_REGISTERED", "JOIN_REQUESTED", "USER_INVITED"]
    client.force_login(User.objects.get(username="bluebonnet"))
    assert "tess.navarro@" in client.get(reverse("company_users")).content.decode()
    assert "Hank Delacroix" in client.get(reverse("company_approvals")).content.decode()
    history = client.get(reverse("company")).content.decode()
    assert "Company approved" in history and "User invited" in history
    client.force_login(User.objects.get(username="lonestar"))
    assert "waiting for approval" in client.get(reverse("company")).content.decode()
    client.force_login(User.objects.get(username="bluebonnet-ask"))
    assert client.get(reverse("agreement_new")).status_code == 200
    ready = Report.objects.filter(
        agreement__report_state=ReportState.READY, agreement__company__duns=BLUEBONNET.duns
    ).first()
    assert ready and client.get(reverse("report_download", args=[ready.agreement.number])).status_code == 403


@time_machine.travel(AT)
def test_one_claim_waits_for_the_tdsp_and_one_is_disputed(client: Client) -> None:
    """X7: in the TDSP's queue, and on the pages of all three customers."""
    client.force_login(User.objects.get(username="centerpoint"))
    queue = client.get(reverse("admin:customers_esiidclaim_changelist"), {"queue": "open"}).context["cl"].result_list
    assert {claim.customer.user.username: claim.state for claim in queue} == {
        "linh": ClaimState.PROVIDER_UNKNOWN,
        "dale": ClaimState.DISPUTED,
    }
    sentences = {
        "linh": "For now, you can see only new usage",
        "dale": "Someone else says that this meter is theirs",
        "vivian": "You told us that this meter is yours",
        "grace": "1817 HARVARD ST",
    }
    for username, sentence in sentences.items():
        client.force_login(User.objects.get(username=username))
        assert sentence in client.get(reverse("my_meters")).content.decode(), username


def test_staff_of_a_tdsp_see_their_own_premises(client: Client) -> None:
    """D1"""
    client.force_login(User.objects.get(username="centerpoint"))
    page = client.get(reverse("admin:meters_premise_changelist")).content.decode()
    assert "1008901" in page and "1044372" not in page


def test_the_logins_text_names_people_and_meters_that_can_be_asked_about() -> None:
    out = StringIO()
    call_command("load_demo", "--show-logins", stdout=out)
    lines = out.getvalue().splitlines()
    assert PASSWORD in lines[0]
    assert len(lines) < 25 and max(map(len, lines)) <= 100
    for user in User.objects.filter(is_person=True):
        assert any(line.split()[:1] == [user.username] for line in lines), user.username
    pairs = [words for words in map(str.split, lines) if any(normalize_esiid(word) for word in words)]
    assert len(pairs) == 4
    for words in pairs:
        esiid = next(word for word in words if normalize_esiid(word))
        premise = Premise.objects.get(esiid=esiid)
        assert words[words.index(esiid) + 1] == premise.meters.get(removed_on=None).number
        agreement_count = premise.agreements.filter(company__duns=BLUEBONNET.duns).count()
        assert agreement_count <= 1  # L5: a newcomer can still ask
    assert sum("not registered" in line or "same household" in line for line in lines) == 3


def test_readings_come_in_the_next_morning() -> None:
    for day in UsageDay.objects.all()[:500]:
        local = day.revision_at.astimezone(usage.CENTRAL)
        assert local.date() == day.day + timedelta(days=1) and 4 <= local.hour < 10
    quiet = Premise.objects.count() - UsageDay.objects.values("premise_id").distinct().count()
    assert quiet == 3
    assert Tdsp.objects.annotate(n=Count("premises")).filter(n__gt=0).count() == 4
