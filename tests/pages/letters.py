"""Every email that a customer can get, caused as people cause it, in one language."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import product
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from accounts.allauth_adapter import _CHANGES, AccountAdapter
from accounts.models import User
from accounts.second_factor import remove_lost_factors
from agreements import actions
from agreements import emails as agreement_emails
from agreements.bulk.sending import send_due_bulks
from agreements.consent_review import review_consent
from agreements.daily_summary import send_due_summaries
from agreements.models import Agreement, ReportLength, ReportType, Review
from agreements.states import Channel, Status
from api import emails as api_emails
from api.models import DisabledReason, WebhookEndpoint
from companies import emails
from companies.models import Company, CompanyLinkKind, Membership
from customers.claim_review import decide_claim
from customers.emails import queue_failed_claims, send_claim_disputed, send_overdue_claim
from customers.models import ClaimDecision, EsiidClaim
from lib.central_time import CENTRAL
from meters.models import Premise
from notifications.models import Email
from reports import emails as report_emails
from reports.actions import generate_due_reports
from tests.factories import (
    AgreementFactory,
    ClaimDisputeFactory,
    CompanyLinkFactory,
    CustomerFactory,
    DownloadFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    NotificationSettingsFactory,
    OperatorFactory,
    ReportFactory,
    SummaryEntryFactory,
    TdspFactory,
    UserFactory,
)
from tests.pages.states.account import changed_email
from tests.pages.states.second_factor import with_app
from tests.pages.world import World
from tests.support.agreements import ROSA, initiate
from tests.support.api import make_program
from tests.support.bulk import bulk_row, upload_and_send
from tests.support.registration import confirmation_link, register
from tests.support.reviews import put_under_review, review_of


def customers_emails(world: World, language: str) -> list[Email]:
    """In the order in which they were queued. Whatever causes them is undone."""
    theirs = [email for email in _caused(world, language) if not email.to_address.endswith("green-energy.example")]
    return [email for email in theirs if email.kind not in ("REVIEW", "GUESSING", "CLAIM")]


def all_emails(world: World, language: str) -> list[Email]:
    """Every kind that there is: also what companies and staff get. Whatever causes them is undone."""
    with transaction.atomic():
        before = list(Email.objects.values_list("pk", flat=True))
        _about_companies(language)
        emails = list(Email.objects.exclude(pk__in=before))
        transaction.set_rollback(True)
    return emails + _caused(world, language)


def _caused(world: World, language: str) -> list[Email]:
    with transaction.atomic(), translation.override(language):
        generate_due_reports()  # what the world left to be made
        before = list(Email.objects.values_list("pk", flat=True))
        User.objects.filter(pk=world["customer"].pk).update(language=language)
        world["customer"].language = language
        _about_agreements(world, language)
        _about_accounts(world, language)
        emails = list(Email.objects.exclude(pk__in=before).order_by("pk"))
        transaction.set_rollback(True)
    return emails


def _about_companies(language: str) -> None:
    member = MembershipFactory(user__language=language, is_administrator=True)
    User.objects.filter(pk=OperatorFactory().pk).update(language=language)
    user, company, changes = member.user, member.company, {"legal_name": ["Lone Star", "Lone Star LLC"]}
    invitation, join_request = (
        CompanyLinkFactory(company=company, language=language, kind=kind)
        for kind in (CompanyLinkKind.INVITATION, CompanyLinkKind.JOIN_REQUEST)
    )
    emails.send_registration_refusal(user.email, language=language)
    for send_link in (emails.send_registration_link, emails.send_invitation, emails.send_join_request_link):
        send_link(invitation)
    for send in (emails.send_company_registered, emails.send_company_approved, emails.send_company_suspended):
        send(company)
    emails.send_join_request(join_request)
    emails.send_join_request_declined(join_request)
    emails.send_requests_paused(company, answer_count=5)
    emails.send_requests_resumed(company, reason="We called the customers.")
    emails.send_mailbox_link(CompanyLinkFactory(company=company, kind=CompanyLinkKind.MAILBOX, by=user))
    emails.send_mailbox_changed(company, before="", by=user)
    emails.send_mailbox_changed(replace_mailbox(company), before="old@green-energy.example", by=user)
    send_daily_summary(member)
    emails.send_permissions_changed(company, member)
    emails.send_member_removed(company, user)
    emails.send_rename_request(company, by=user, changes=changes, reason="We have merged.")
    emails.send_company_renamed(company, changes=changes)
    program = make_program(administrator=member)
    api_emails.send_key_expiring(program.key, days=7)
    api_emails.send_key_revoked(program.key)
    api_emails.send_client_disabled(program.client)
    endpoint = WebhookEndpoint.objects.create(client=program.client, url="https://hooks.lone-star.example/in")
    for reason in (DisabledReason.GONE, DisabledReason.FAILING, DisabledReason.OPERATOR):
        api_emails.send_webhook_disabled(endpoint, reason, at=timezone.now())
    agreement = AgreementFactory()
    review = put_under_review(AgreementFactory(status=Status.COMPLETE))
    for is_overdue in (False, True):
        agreement_emails.queue_review_request(review, [user], is_overdue=is_overdue)
    agreement_emails.queue_disavowal(agreement, [user], review=review, downloaded_at=None)
    agreement_emails.queue_disavowal(AgreementFactory(), [user], review=None, downloaded_at=timezone.now())
    agreement_emails.queue_unknown_company([agreement], [user], is_paused=True)
    agreement_emails.queue_guessing_notices(company, [user], day=timezone.localdate())
    agreement_emails.queue_expiry(agreement)
    upload_and_send(user, [bulk_row(None, 1)])
    while send_due_bulks():
        pass
    report_emails.queue_report_ready(ReportFactory())
    queue_failed_claims(TdspFactory().pk, ["10443720000000001", "10443720000000002"], day=timezone.localdate())
    send_overdue_claim(EsiidClaimFactory(waiting=True, signals=["network"]))


def replace_mailbox(company: Company) -> Company:
    company.shared_mailbox = "agreements@green-energy.example"
    return company


def send_daily_summary(member: Membership) -> None:
    """Queue a summary with every outcome that there is."""
    NotificationSettingsFactory(membership=member)
    agreements = [
        AgreementFactory(company=member.company, status=status)
        for status in (Status.REJECTED, Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.COMPLETE)
    ]
    agreements.append(ReportFactory(agreement__company=member.company).agreement)
    at = datetime.combine(timezone.localdate(), time(12), CENTRAL)
    for agreement in agreements:
        SummaryEntryFactory(membership=member, agreement=agreement, at=at - timedelta(days=1))
    assert send_due_summaries(at=at) == 1


def _about_agreements(world: World, language: str) -> None:
    def pending(**details: Any) -> Agreement:
        (agreement,) = initiate(world["member"], MeterFactory(), person=replace(ROSA, language=language), **details)
        return agreement

    for report_type, report_length in product(ReportType, ReportLength):
        waiting = pending(report_type=report_type, report_length=report_length)
    actions.resend(waiting, by=world["member"])
    actions.withdraw(waiting, by=world["member"])
    actions.reject(pending(), channel=Channel.INVITATION)
    world["member"].membership.company.privacy_policy_url = ""
    actions.accept(pending(), channel=Channel.INVITATION)
    late = pending(report_length=ReportLength.ONE_DAY)
    Premise.objects.filter(pk=late.premise_id).update(service_since=timezone.localdate() + timedelta(days=1))
    late.premise.refresh_from_db()
    late = actions.accept(late, channel=Channel.INVITATION)
    Agreement.objects.filter(pk=late.pk).update(
        review=Review.NONE, consent_review=None
    )  # the world's many requests to one address hold it
    generate_due_reports()
    report_emails.queue_first_download(DownloadFactory(report__agreement__submission__language=language))
    for outcome in (Review.RELEASED, Review.REFUSED):
        held = AgreementFactory(status=Status.COMPLETE, review=Review.HELD, submission__language=language)
        review_consent(review_of(held), outcome, by=OperatorFactory(), reason="It is not clear.")


def _about_accounts(world: World, language: str) -> None:
    client = Client(headers={"accept-language": language})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    meter = MeterFactory()
    AgreementFactory(premise=meter.premise, submission__language=language)
    register(client, meter, language=language)
    owner = UserFactory(language=language)
    register(client, MeterFactory(), language=language, email=owner.email, email_again=owner.email)
    client.post(confirmation_link())
    claim = EsiidClaim.objects.get(premise=meter.premise)
    for decision in ClaimDecision:
        other = CustomerFactory(user__language=language)
        dispute = ClaimDisputeFactory(claim=claim, customer=other)
        send_claim_disputed(dispute)
        decide_claim(claim.pk, decision, by=OperatorFactory(), reason="It is not clear.", dispute_id=dispute.pk)
    client.post(reverse("account_reset_password"), {"email": owner.email})
    client.post(reverse("account_reset_password"), {"email": "unknown@example.net"})
    for change in _CHANGES:
        told = {"user": owner, "ip": "203.0.113.9", "timestamp": timezone.now()}
        AccountAdapter(RequestFactory().get("/")).send_mail(change, owner.email, told)
    changed_email(client, world)
    with_app(world)
    remove_lost_factors(world["customer"], by=OperatorFactory())
