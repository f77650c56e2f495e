"""What the database keeps true of agreements, and the indexes that lists, searches and sweeps read."""

from functools import reduce
from operator import or_

import pgtrigger
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Right

from agreements.models.count import COUNT_TRIGGERS
from agreements.models.report_options import ReportLength, ReportType, lengths_within, types_within
from agreements.models.review import AWAITS_REPORT, REVIEW_REFUSES_REPORT, Review
from agreements.models.search_key import ADDRESS_TEXT, NAME_TEXT, search_index
from agreements.models.stage import AgreementStage
from agreements.states import NEVER_ACCEPTED, NOT_BEGUN, ReportState, Status
from companies.trust.email_identity import DomainKey, MailboxKey
from customers.models import CustomerKind
from meters.identifiers import VISIBLE_DIGITS

CONSTRAINTS: list[models.BaseConstraint] = [
    models.UniqueConstraint(
        fields=["company", "premise", "report_type", "report_length"],
        condition=Q(status=Status.PENDING),
        name="one_pending_request_per_report",
    ),
    models.CheckConstraint(condition=Q(status__in=Status.values), name="agreement_status_is_known"),
    models.CheckConstraint(
        condition=Q(status=Status.PENDING, ended_at=None) | (~Q(status=Status.PENDING) & Q(ended_at__isnull=False)),
        name="agreement_ended_unless_pending",
    ),
    models.CheckConstraint(
        condition=Q(status=Status.COMPLETE)
        & (Q(period_first_day__isnull=False, period_last_day__isnull=False) | Q(awaits_data_until__isnull=False))
        | ~Q(status=Status.COMPLETE) & Q(period_first_day=None, period_last_day=None, awaits_data_until=None),
        name="accepted_has_its_period_or_waits",
    ),
    models.CheckConstraint(
        condition=Q(is_company_unknown=False) | Q(status=Status.REJECTED), name="unknown_company_is_rejected"
    ),
    # Granted is what was asked for or less, and there is a report of it (C9).
    models.CheckConstraint(
        condition=Q(status=Status.COMPLETE) & ~Q(granted_type="") & ~Q(granted_length="")
        | ~Q(status=Status.COMPLETE) & Q(granted_type="", granted_length=""),
        name="accepted_says_what_is_granted",
    ),
    models.CheckConstraint(
        condition=Q(granted_type="")
        | reduce(or_, (Q(report_type=asked, granted_type__in=types_within(asked)) for asked in ReportType)),
        name="granted_type_is_not_finer_than_asked",
    ),
    models.CheckConstraint(
        condition=Q(granted_length="")
        | reduce(or_, (Q(report_length=asked, granted_length__in=lengths_within(asked)) for asked in ReportLength)),
        name="granted_length_is_not_longer_than_asked",
    ),
    models.CheckConstraint(
        condition=Q(granted_type="") | ~Q(granted_type=ReportType.MONTHLY) | ~Q(granted_length=ReportLength.ONE_DAY),
        name="granted_monthly_report_has_a_month",
    ),
    models.CheckConstraint(condition=Q(review__in=Review.values), name="agreement_review_is_known"),
    models.CheckConstraint(
        condition=Q(review=Review.NONE) | Q(status=Status.COMPLETE),
        name="only_accepted_agreements_are_reviewed",
    ),
    models.CheckConstraint(condition=Q(report_state__in=ReportState.values), name="report_state_is_known"),
    models.CheckConstraint(
        condition=Q(report_state=ReportState.NONE) & (~Q(status=Status.COMPLETE) | Q(review__in=REVIEW_REFUSES_REPORT))
        | ~Q(report_state=ReportState.NONE) & Q(status=Status.COMPLETE) & ~Q(review__in=REVIEW_REFUSES_REPORT),
        name="accepted_and_not_refused_has_a_report",
    ),
    models.CheckConstraint(
        condition=~Q(review=Review.HELD) | Q(report_state__in=NOT_BEGUN) | Q(disavowed_at__isnull=False),
        name="no_report_is_begun_before_its_review",
    ),
    models.CheckConstraint(
        condition=Q(report_state=ReportState.NONE)
        | Q(report_state=ReportState.AWAITING_DATA, period_last_day=None)
        | ~Q(report_state__in=[ReportState.NONE, ReportState.AWAITING_DATA]) & Q(period_last_day__isnull=False),
        name="report_waits_for_data_until_its_period_is_fixed",
    ),
    models.CheckConstraint(
        condition=Q(review=Review.NONE, consent_review=None) | ~Q(review=Review.NONE) & Q(consent_review__isnull=False),
        name="reviewed_agreements_have_a_review",
    ),
    models.CheckConstraint(condition=Q(number__regex=r"^[0-9]{12}$"), name="agreement_number_is_12_digits"),
    models.CheckConstraint(
        condition=Q(was_registered=False) | Q(customer__isnull=False) | Q(person_forgotten_at__isnull=False),
        name="registered_customer_is_known",
    ),
    models.CheckConstraint(
        condition=Q(customer_kind=CustomerKind.BUSINESS) | Q(customer_company_name=""),
        name="customer_company_only_for_business",
    ),
]

INDEXES = [
    models.Index(fields=["expires_at"], name="agreement_overdue", condition=Q(status=Status.PENDING)),
    models.Index(
        fields=["ended_at"],
        name="agreement_awaits_report",
        condition=AWAITS_REPORT,
    ),
    models.Index(
        fields=["id"],
        name="agreement_awaits_data",
        condition=Q(report_state=ReportState.AWAITING_DATA),
    ),
    models.Index(
        fields=["ended_at"],
        name="agreement_to_forget",
        condition=Q(status__in=NEVER_ACCEPTED, person_forgotten_at__isnull=True),
    ),
    # For the files of reports that were refused after the customer had disavowed them (X1).
    models.Index(fields=["id"], name="agreement_disavowed", condition=Q(disavowed_at__isnull=False)),
    # For the lists of a TDSP's staff (D1).
    models.Index(fields=["tdsp", "-initiated_at", "-number"], name="agreement_of_tdsp"),
    models.Index(fields=["tdsp", "-initiated_at"], name="agreement_held", condition=Q(review=Review.HELD)),
    models.Index(fields=["tdsp"], name="agreement_failed_report", condition=Q(report_state=ReportState.FAILED)),
    # For each filter and order of the third party's list (T3): all, of a stage, all that were accepted.
    models.Index(fields=["company", "-initiated_at", "-number"], name="agreement_of_company"),
    models.Index(fields=["company", "stage", "-initiated_at", "-number"], name="agreement_by_stage"),
    models.Index(
        fields=["company", "-initiated_at", "-number"], name="agreement_accepted", condition=Q(status=Status.COMPLETE)
    ),
    models.Index(
        fields=["company", "expires_at", "number"], name="agreement_expiring", condition=Q(status=Status.PENDING)
    ),
    models.Index(
        fields=["company", "-initiated_at", "-number"],
        name="agreement_to_download",
        condition=Q(stage=AgreementStage.READY, downloaded_at=None),
    ),
    models.Index(fields=["company", "name_key", "initiated_at", "number"], name="agreement_by_name"),
    models.Index(fields=["company", "stage", "name_key", "initiated_at", "number"], name="agreement_stage_by_name"),
    models.Index(
        fields=["company", "name_key", "initiated_at", "number"],
        name="agreement_accepted_by_name",
        condition=Q(status=Status.COMPLETE),
    ),
    models.Index(fields=["company", "premise", "initiated_at"], name="agreement_limit"),
    # For each kind of search, exact and by prefix (T1); the name key sorts by its collation.
    *(
        models.Index(fields=["company", field], name=name, opclasses=["int8_ops", "varchar_pattern_ops"])
        for field, name in (
            ("number", "agreement_by_number"),
            ("esiid", "agreement_by_esiid"),
            ("meter_number", "agreement_by_meter"),
        )
    ),
    models.Index("company", OpClass(Lower("email"), name="text_pattern_ops"), name="agreement_by_email"),
    # For programs: what the company calls the agreement, and what has changed since (V5).
    models.Index(
        fields=["company", "external_id", "-initiated_at", "-number"],
        name="agreement_external_id",
        condition=~Q(external_id=""),
    ),
    models.Index(fields=["company", "changed_at"], name="agreement_changed"),
    # For the staff's search, of every company (D1).
    models.Index(Right("esiid", VISIBLE_DIGITS), name="agreement_esiid_tail"),
    models.Index(OpClass(Lower("last_name"), name="text_pattern_ops"), name="agreement_last_name"),
    # For searches by a part (T1).
    search_index(NAME_TEXT, "agreement_name_parts"),
    search_index(ADDRESS_TEXT, "agreement_address_parts"),
    # For signals against a consent (X1) and the daily limit of emails to one mailbox (X2).
    models.Index(MailboxKey("email"), "company", "initiated_at", name="agreement_mailbox"),
    models.Index("company", MailboxKey("contact_email"), name="agreement_typed_mailbox"),
    models.Index("company", OpClass(DomainKey("email"), name="text_pattern_ops"), name="agreement_mail_domain"),
]

# The columns behind what a program reads of an agreement. By the clock and not by the transaction's start, because a
# transaction that waited for a lock commits long after its start (V5).
_CHANGED_FOR_PROGRAMS = (
    "status", "expires_at", "ended_at", "email", "granted_type", "granted_length", "report_state", "review",
    "person_forgotten_at",
)  # fmt: skip

TRIGGERS = [
    *COUNT_TRIGGERS,
    pgtrigger.Trigger(
        name="agreement_changed_at",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(*_CHANGED_FOR_PROGRAMS),
        func="NEW.changed_at = clock_timestamp(); RETURN NEW;",
    ),
]
