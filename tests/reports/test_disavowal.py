"""“This wasn't me”: a customer says that someone else accepted (X1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from agreements import actions
from agreements.consent_review import review_consent
from agreements.models import Agreement, ConsentReview, EventKind, Review, SignalKind
from agreements.states import Channel, ReportState
from agreements.transitions import TransitionRefused
from lib.central_time import utc_or_now
from lib.link_tokens import derive_token
from notifications.models import Email
from reports.actions import generate_due_reports, purge_files
from reports.disavowal import disavow
from reports.downloads import DownloadRefused, record_download
from reports.models import Download, Report, ReportFile
from tests.factories import CustomerFactory, EsiidClaimFactory, MembershipFactory, MeterFactory, UserFactory
from tests.support.agreements import initiate
from tests.support.third_party_pages import agreement_url, page_text
from tests.support.usage import deliver_usage

pytestmark = pytest.mark.django_db
WHY = "The customer called us."


@pytest.fixture
def member():
    return MembershipFactory().user


@pytest.fixture
def agreement(member) -> Agreement:
    """An agreement that was accepted a moment ago, with data on file and staff at its TDSP."""
    meter = MeterFactory()
    deliver_usage(meter.premise)
    UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
    (made,) = initiate(member, meter, report_length="1d")
    return actions.accept(made, channel=Channel.INVITATION)


def link(agreement: Agreement) -> str:
    return reverse("invitation", args=[derive_token(bytes(agreement.submission.link_nonce))])


def press(agreement: Agreement) -> str:
    """Press the button on the page of the link; return what the page says then."""
    browser = Client()
    assert 'name="disavow"' in browser.get(link(agreement)).content.decode()
    return page_text(browser.post(link(agreement), {"disavow": "1"}, follow=True))


def state(agreement: Agreement) -> tuple[str, str]:
    agreement.refresh_from_db()
    return agreement.review, agreement.report_state


def staff_texts() -> list[str]:
    return list(Email.objects.filter(kind="DISAVOWED").values_list("text", flat=True))


def release(agreement: Agreement, outcome: Review = Review.RELEASED) -> None:
    reviewer = UserFactory(is_staff=True, tdsp=agreement.tdsp)
    review_consent(ConsentReview.objects.get(state=Review.HELD), outcome, by=reviewer, reason=WHY)


class TestNotDownloadedYet:
    def test_a_report_that_is_not_made_is_not_made_before_the_review(self, agreement):
        said = press(agreement)
        assert "you told us that someone else accepted" in said and "can't get the report" in said
        assert 'name="disavow"' not in Client().get(link(agreement)).content.decode()
        generate_due_reports()
        assert state(agreement) == (Review.HELD, ReportState.DUE) and not Report.objects.exists()
        (text,) = staff_texts()
        assert agreement.number in text and "/review/" in text
        assert [signal.kind for signal in agreement.signals.all()] == [SignalKind.DISAVOWED]
        kinds = list(agreement.events.values_list("kind", "channel"))
        assert (EventKind.DISAVOWED, Channel.INVITATION) in kinds
        release(agreement)
        generate_due_reports()
        assert state(agreement) == (Review.RELEASED, ReportState.READY)

    def test_a_ready_report_cannot_be_downloaded_before_the_review(self, agreement, member, client):
        generate_due_reports()
        press(agreement)
        client.force_login(member)
        page = page_text(client.get(agreement_url(agreement)))
        assert "The customer told us that someone else accepted." in page and "Download report" not in page
        refused = client.get(reverse("report_download", args=[agreement.number]))
        assert refused.status_code == 409 and "told us that someone else accepted" in page_text(refused)
        assert not Download.objects.exists()
        assert client.get(reverse("agreements"), {"report": "ready"}).context["shown_count"] == 0
        release(agreement)
        (notice,) = Email.objects.filter(kind="REVIEWED", to_address=agreement.contact_email)
        assert "You can download the report" in notice.text
        (answer,) = Email.objects.filter(kind="REVIEWED", to_address=agreement.email)
        assert "can download the report" in answer.text and "being made" not in answer.text
        assert client.get(reverse("report_download", args=[agreement.number])).status_code == 200

    def test_after_a_refusal_the_file_is_deleted_and_nothing_was_shared(self, agreement, member):
        generate_due_reports()
        press(agreement)
        release(agreement, Review.REFUSED)
        assert state(agreement) == (Review.REFUSED, ReportState.NONE)
        assert purge_files() == 1 and purge_files() == 0
        assert not ReportFile.objects.exists() and Report.objects.get().purged_at
        assert "gets no data from this request" in page_text(Client().get(link(agreement)))

    def test_a_failed_attempt_is_not_repeated_before_the_review(self, agreement, monkeypatch):
        def fail(*_args, **_options):
            raise OSError

        with monkeypatch.context() as broken:
            broken.setattr("reports.actions.compress", fail)
            generate_due_reports()
        disavow(agreement, channel=Channel.INVITATION)
        later = utc_or_now() + timedelta(hours=1)
        assert generate_due_reports(at=later) == 0
        release(agreement)
        assert generate_due_reports(at=later) == 1
        assert state(agreement) == (Review.RELEASED, ReportState.READY)

    def test_a_report_under_review_stays_in_that_review_and_the_staff_are_told(self, member):
        meter = MeterFactory()
        UserFactory(is_staff=True, tdsp=meter.premise.tdsp)
        (made,) = initiate(member, meter)
        held = actions.accept(made, channel=Channel.INVITATION, was_too_fast=True)
        disavow(held, channel=Channel.INVITATION)
        assert held.signals.count() == 2 and len(staff_texts()) == 1
        assert ConsentReview.objects.get() == held.consent_review
        assert held.events.filter(kind=EventKind.HELD).count() == 1

    def test_saying_it_twice_changes_nothing(self, agreement):
        press(agreement)
        release(agreement)
        Client().post(link(agreement), {"disavow": "1"})
        assert state(agreement)[0] == Review.RELEASED and len(staff_texts()) == 1


class TestDownloaded:
    def test_it_cannot_be_taken_back_and_the_utility_is_told(self, agreement, member):
        generate_due_reports()
        record_download(agreement.report, by=member)
        assert "we can't take it back" in page_text(Client().get(link(agreement)))
        said = press(agreement)
        assert "you told us that someone else accepted" in said
        assert state(agreement) == (Review.NONE, ReportState.READY) and not ConsentReview.objects.exists()
        (text,) = staff_texts()
        assert "downloaded the report on" in text and "/change/" in text

    def test_a_download_after_the_hold_is_refused_even_if_it_was_asked_for_before(self, agreement, member):
        """The permission was checked while nobody had said anything."""
        generate_due_reports()
        report = Report.objects.select_related("agreement").get()
        disavow(agreement, channel=Channel.INVITATION)
        with pytest.raises(DownloadRefused):
            record_download(report, by=member)
        assert not Download.objects.exists()

    @pytest.mark.control
    def test_without_the_second_look_it_would_be_shared(self, agreement, member, monkeypatch):
        monkeypatch.setattr("reports.downloads.REVIEW_PREVENTS_REPORT", ())
        generate_due_reports()
        report = Report.objects.select_related("agreement").get()
        disavow(agreement, channel=Channel.INVITATION)
        assert record_download(report, by=member)


class TestWho:
    def test_a_registered_customer_does_it_in_the_account(self, agreement, client):
        """C4: also where the request was sent to another address."""
        claim = EsiidClaimFactory(premise=agreement.premise)
        client.force_login(claim.customer.user)
        page = reverse("customer_agreement", args=[agreement.number])
        assert 'name="disavow"' in client.get(page).content.decode()
        said = page_text(client.post(page, {"disavow": "1"}, follow=True))
        assert "you told us that someone else accepted" in said and state(agreement)[0] == Review.HELD
        assert agreement.events.get(kind=EventKind.DISAVOWED).by == claim.customer.user

    def test_another_customer_cannot(self, agreement, client):
        client.force_login(CustomerFactory().user)
        assert client.post(reverse("customer_agreement", args=[agreement.number]), {"disavow": "1"}).status_code == 404
        assert state(agreement)[0] == Review.NONE

    def test_what_was_not_accepted_cannot_be_disavowed(self, member):
        (pending,) = initiate(member)
        with pytest.raises(TransitionRefused):
            disavow(pending, channel=Channel.INVITATION)
        assert Client().post(link(pending), {"disavow": "1"}).status_code == 302
        assert state(pending) == (Review.NONE, ReportState.NONE)

    def test_the_confirmation_by_email_leads_to_the_page(self, agreement):
        """X1, X5: only in the email to the address that the link was sent to."""
        email = Email.objects.get(kind="EM203", to_address=agreement.email)
        assert bytes(email.link_nonce) == bytes(agreement.submission.link_nonce)
        assert "won't get it unless the answer is reviewed" in email.text and "This wasn't me" in email.html
