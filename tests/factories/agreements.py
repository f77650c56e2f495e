"""Agreements with all that hangs on them, and the limits of trust."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from agreements.models import (
    AddressCorrection,
    Agreement,
    AgreementCount,
    AgreementEvent,
    CompanyEmail,
    ConsentReview,
    ConsentSignal,
    ContactStop,
    Draft,
    EventKind,
    FailedMatch,
    Letter,
    NotificationSettings,
    Reminder,
    ReminderOutcome,
    ReportLength,
    ReportType,
    Review,
    SignalKind,
    Submission,
    SummaryEntry,
)
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.period import awaited_days, report_period
from agreements.states import Channel, ReportState, Status
from customers.models import CustomerKind
from lib import link_tokens
from tests.factories.accounts import OperatorFactory, UserFactory
from tests.factories.companies import CompanyFactory, MembershipFactory
from tests.factories.meters import PremiseFactory, TdspFactory


class DraftFactory(DjangoModelFactory):
    class Meta:
        model = Draft

    user = factory.SubFactory(UserFactory)
    answers = factory.LazyFunction(dict)


class SubmissionFactory(DjangoModelFactory):
    class Meta:
        model = Submission

    draft_id = factory.LazyFunction(uuid4)
    company = factory.SubFactory(CompanyFactory)
    initiated_by = factory.LazyAttribute(lambda submission: MembershipFactory(company=submission.company).user)
    initiated_at = factory.LazyFunction(timezone.now)
    privacy_policy_url = factory.SelfAttribute("company.privacy_policy_url")
    link_nonce = factory.LazyFunction(link_tokens.new_nonce)
    link_hash = factory.LazyAttribute(
        lambda submission: link_tokens.hash_token(link_tokens.derive_token(submission.link_nonce))
    )


class AddressCorrectionFactory(DjangoModelFactory):
    class Meta:
        model = AddressCorrection

    submission = factory.SubFactory(SubmissionFactory)
    at = factory.LazyFunction(timezone.now)
    by = factory.SelfAttribute("submission.initiated_by")
    old_link_hash = factory.Sequence(lambda n: f"{n:064x}")
    old_address = "r•••@example.net"
    new_address = "r•••@example.org"


def first_report_state(agreement: Any) -> ReportState:
    """The state of an agreement whose report no worker has begun."""
    if agreement.status != Status.COMPLETE or agreement.review in REVIEW_REFUSES_REPORT:
        return ReportState.NONE
    return ReportState.DUE if agreement.period_last_day else ReportState.AWAITING_DATA


class ReminderFactory(DjangoModelFactory):
    class Meta:
        model = Reminder

    submission = factory.SubFactory(SubmissionFactory)
    day = 7
    at = factory.LazyFunction(timezone.now)
    outcome = ReminderOutcome.SENT


class ConsentReviewFactory(DjangoModelFactory):
    """A review that is open or, with another `state`, decided."""

    class Meta:
        model = ConsentReview

    submission = factory.SubFactory(SubmissionFactory)
    tdsp = factory.SubFactory(TdspFactory)
    opened_at = factory.LazyFunction(timezone.now)
    state = Review.HELD
    reason = factory.LazyAttribute(
        lambda review: "It is not clear." if review.state in (Review.RELEASED, Review.REFUSED) else ""
    )
    decided_at = factory.LazyAttribute(lambda review: None if review.state == Review.HELD else review.opened_at)
    decided_by = factory.LazyAttribute(
        lambda review: OperatorFactory() if review.state in (Review.RELEASED, Review.REFUSED) else None
    )


class AgreementFactory(DjangoModelFactory):
    """A pending agreement of an unregistered residential customer, initiated now; without events and emails.

    For one with its whole history use the actions. `status` other than pending needs `ended_at`.
    """

    class Meta:
        model = Agreement

    number = factory.Sequence(lambda n: f"102512{n:06d}")
    status = Status.PENDING
    review = Review.NONE
    initiated_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda agreement: agreement.initiated_at + timedelta(days=30))
    ended_at = factory.LazyAttribute(
        lambda agreement: None if agreement.status == Status.PENDING else agreement.initiated_at + timedelta(days=1)
    )
    # As if yesterday had been on file at the acceptance.
    period_last_day = factory.LazyAttribute(
        lambda agreement: awaited_days(agreement.ended_at)[1] if agreement.status == Status.COMPLETE else None
    )
    period_first_day = factory.LazyAttribute(
        lambda agreement: (
            report_period(agreement.period_last_day, agreement.report_length, agreement.premise.service_since).first
            if agreement.period_last_day
            else None
        )
    )
    report_state = factory.LazyAttribute(first_report_state)
    company = factory.SubFactory(CompanyFactory)
    submission = factory.SubFactory(
        SubmissionFactory,
        company=factory.SelfAttribute("..company"),
        initiated_at=factory.SelfAttribute("..initiated_at"),
    )
    third_party_name = factory.SelfAttribute("company.legal_name")
    contact_name = "James Wilson"
    contact_phone = "+15125550101"
    contact_email = factory.SelfAttribute("company.email")
    attested_at = factory.SelfAttribute("initiated_at")
    premise = factory.SubFactory(PremiseFactory)
    tdsp = factory.SelfAttribute("premise.tdsp")
    esiid = factory.SelfAttribute("premise.esiid")
    meter_number = "104051941"
    consent_review = factory.LazyAttribute(
        lambda agreement: (
            None
            if agreement.review == Review.NONE
            else ConsentReviewFactory(submission=agreement.submission, tdsp=agreement.tdsp, state=agreement.review)
        )
    )
    report_type = ReportType.INTERVAL
    report_length = ReportLength.THREE_MONTHS
    granted_type = factory.LazyAttribute(
        lambda agreement: agreement.report_type if agreement.status == Status.COMPLETE else ""
    )
    granted_length = factory.LazyAttribute(
        lambda agreement: agreement.report_length if agreement.status == Status.COMPLETE else ""
    )
    customer = None
    was_registered = factory.LazyAttribute(lambda agreement: agreement.customer is not None)
    customer_kind = CustomerKind.RESIDENTIAL
    first_name = "Rosa"
    last_name = "Delgado"
    street = "206 Boxwood Drive"
    city = "Baytown"
    state = "TX"
    zip_code = "77520"
    phone = "+15125550102"
    email = factory.Sequence(lambda n: f"customer{n}@example.net")


class AgreementEventFactory(DjangoModelFactory):
    class Meta:
        model = AgreementEvent

    agreement = factory.SubFactory(AgreementFactory)
    at = factory.LazyFunction(timezone.now)
    kind = EventKind.INITIATED
    to_status = Status.PENDING
    channel = Channel.FORM
    by = factory.SelfAttribute("agreement.submission.initiated_by")


class LetterFactory(DjangoModelFactory):
    class Meta:
        model = Letter

    agreement = factory.SubFactory(AgreementFactory, status=Status.COMPLETE)
    version = "1"
    language = "en"
    text = "I authorize one report."
    sha256 = "0" * 64
    signed_at = factory.SelfAttribute("agreement.ended_at")


class ConsentSignalFactory(DjangoModelFactory):
    class Meta:
        model = ConsentSignal

    agreement = factory.SubFactory(AgreementFactory)
    kind = SignalKind.OWN_DOMAIN
    at = factory.LazyFunction(timezone.now)


class ContactStopFactory(DjangoModelFactory):
    class Meta:
        model = ContactStop

    company = factory.SubFactory(CompanyFactory)
    mailbox_hash = factory.Sequence(lambda n: f"{n:064x}")
    at = factory.LazyFunction(timezone.now)
    counts = True


class FailedMatchFactory(DjangoModelFactory):
    class Meta:
        model = FailedMatch

    at = factory.LazyFunction(timezone.now)
    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    esiid = "10443720000000017"


class AgreementCountFactory(DjangoModelFactory):
    """A change of a company's numbers, as triggers write it."""

    class Meta:
        model = AgreementCount

    company = factory.SubFactory(CompanyFactory)
    day = factory.LazyFunction(timezone.localdate)
    stage = "waiting"
    is_downloaded = False
    change = 1


class NotificationSettingsFactory(DjangoModelFactory):
    class Meta:
        model = NotificationSettings

    membership = factory.SubFactory(MembershipFactory)


class SummaryEntryFactory(DjangoModelFactory):
    class Meta:
        model = SummaryEntry

    agreement = factory.SubFactory(AgreementFactory)
    membership = factory.LazyAttribute(lambda entry: MembershipFactory(company=entry.agreement.company))
    kind = CompanyEmail.REPORT
    is_contact = True
    at = factory.LazyFunction(timezone.now)
