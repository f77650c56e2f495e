"""The agreement: one customer's answer to one request about one meter, from its submission to its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import User
from agreements.models.agreement_rules import CONSTRAINTS, INDEXES, TRIGGERS
from agreements.models.contact_stop import stops_contact
from agreements.models.name_key import VISIBLE_NAME_KEY
from agreements.models.report_options import ReportLength, ReportScope, ReportType
from agreements.models.review import AWAITS_REPORT, REVIEW_ALLOWS_REPORT, REVIEW_PREVENTS_REPORT, ConsentReview, Review
from agreements.models.stage import STAGE, AgreementStage
from agreements.models.submission import Submission
from agreements.states import ReportState, Status
from companies.models import Company, membership_of
from companies.trust.email_identity import (
    DomainKey,
    MailboxKey,
    domain_regex,
    domain_spellings,
    mailbox_regex,
    normalize_mailbox,
)
from customers.models import ClaimDecision, ClaimState, Customer, CustomerKind, EsiidClaim, customer_of
from lib.central_time import CENTRAL
from meters.identifiers import mask_esiid
from meters.models import Premise, Tdsp, sandbox_utilities
from meters.usage.days import day_start

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


_EMPTY_AT_FIRST: dict[str, Any] = {"blank": True, "default": "", "db_default": "", "editable": False}


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: User | AnonymousUser) -> AgreementQuerySet:
        """Return the agreements that `user` may see; every page about agreements starts here (T12, D1)."""
        if not user.is_authenticated:
            return self.none()
        if user.is_operator:
            return self.without_sandbox()
        if user.is_staff and user.is_active:
            return self.filter(tdsp=user.tdsp_id)
        if membership := membership_of(user):
            return self.filter(company=membership.company_id) if membership.may_view else self.none()
        if customer := customer_of(user):
            return self.of_customer(customer)
        return self.none()

    def without_sandbox(self) -> AgreementQuerySet:
        """Return the agreements that are not of test keys (V15)."""
        return self.exclude(tdsp__in=sandbox_utilities())

    def limited_with(self, company: Company) -> AgreementQuerySet:
        """Return the agreements that share limits with `company`: all but test ones, or of a sandbox its own (V15)."""
        return self.filter(company=company) if company.is_sandbox else self.without_sandbox()

    def of_customer(self, customer: Customer, claims: Iterable[EsiidClaim] | None = None) -> AgreementQuerySet:
        """Return the customer's own agreements and those about the customer's meters (C4, X7).

        Of a confirmed claim every one since the service began, also one sent to another address; of any other claim
        those sent to the account's address. After a claim was refused, only those sent to that address stay.

        `claims` are all of the customer's with their premises, current and ended, from a page that has read them.
        """
        address = customer.user.email
        every_claim = list(customer.claims.with_visibility() if claims is None else claims)
        current = [claim for claim in every_claim if claim.until is None]
        refused = [claim.premise_id for claim in every_claim if claim.decision == ClaimDecision.REFUSED]
        visible = Q(customer=customer) & (~Q(premise__in=refused) | Q(email__iexact=address))
        unassigned = Q(customer=None, premise__in=[claim.premise_id for claim in current], email__iexact=address)
        for claim in current:
            if claim.state == ClaimState.CONFIRMED:
                begins = {"initiated_at__gte": day_start(claim.service_start)} if claim.service_start else {}
                unassigned |= Q(customer=None, premise=claim.premise_id, **begins)
        return self.filter(visible | unassigned)

    def by_link(self, link_hash: str) -> AgreementQuerySet:
        """Return the agreements of the submission whose decision link has this hash, in order (C10, X5)."""
        submitted = self.filter(submission__link_hash=link_hash).order_by("number")
        linked = submitted.select_related("premise", "tdsp", "company", "submission")
        return linked.with_overdue().with_registration_offer()

    def with_registration_offer(self) -> AgreementQuerySet:
        """Annotate `offers_registration`: the link fills in a registration about this meter (X7).

        As long as the request can be answered or is accepted without a doubt, within its period, and the consent to
        no request of the submission is in doubt.
        """
        is_valid = Q(status=Status.PENDING) | Q(status=Status.COMPLETE, review__in=REVIEW_ALLOWS_REPORT)
        doubtful = Agreement.objects.filter(submission=models.OuterRef("submission"), review__in=REVIEW_PREVENTS_REPORT)
        offers = is_valid & Q(customer=None, expires_at__gte=Now()) & ~models.Exists(doubtful)
        return self.annotate(
            offers_registration=models.ExpressionWrapper(offers, output_field=models.BooleanField()),
        )

    def with_overdue(self) -> AgreementQuerySet:
        """Annotate `is_overdue`, by the database's clock: still Pending though its period is over (L2)."""
        overdue = Q(status=Status.PENDING, expires_at__lt=Now())
        return self.annotate(is_overdue=models.ExpressionWrapper(overdue, output_field=models.BooleanField()))

    def pending(self) -> AgreementQuerySet:
        return self.filter(status=Status.PENDING)

    def overdue(self, *, at: datetime | None = None) -> AgreementQuerySet:
        """Return pending agreements whose invitation period has ended (L2)."""
        return self.pending().filter(expires_at__lt=at or Now())

    def open_soonest_first(self) -> AgreementQuerySet:
        """Return pending agreements that can still be answered, the earliest deadline first."""
        return self.pending().filter(expires_at__gte=Now()).order_by("expires_at", "number")

    def to_mailbox(self, address: str, field: str = "email") -> AgreementQuerySet:
        """Return agreements whose `field` is an address of the same mailbox as `address`, however spelled (X1).

        An index finds the few rows on which the regular expression decides.
        """
        key = MailboxKey(models.Value(normalize_mailbox(address)))
        same_key = self.alias(mailbox_key=MailboxKey(field)).filter(mailbox_key=key)
        return same_key.filter(**{f"{field}__iregex": mailbox_regex(address)})

    def to_domain(self, domain: str) -> AgreementQuerySet:
        """Return agreements whose customer's address is under `domain`, a privately owned one (X1); indexed."""
        begins = [Q(domain_key__startswith=name[::-1]) for name in domain_spellings(domain)]
        same_end = self.alias(domain_key=DomainKey("email")).filter(reduce(or_, begins))
        return same_end.filter(email__iregex=domain_regex(domain))

    def awaiting_data(self) -> AgreementQuerySet:
        """Return complete agreements whose report waits for the utility's data (R7); a partial index."""
        return self.filter(report_state=ReportState.AWAITING_DATA)

    def awaiting_report(self) -> AgreementQuerySet:
        """Return complete agreements whose report can be made and is not yet (R1, R7, X1); a partial index."""
        return self.filter(AWAITS_REPORT)

    def report_failed(self) -> AgreementQuerySet:
        """Return agreements whose report could not be made after all attempts; a partial index."""
        return self.filter(report_state=ReportState.FAILED)


class Agreement(models.Model):
    """One request for one report about one meter, with its outcome.

    Names and addresses are copied on initiation: later changes of a profile do not change what a customer agreed to.
    `tdsp` is copied from the premise, so that lists need no join, and follows it: if a load moves the premise to
    another TDSP, a trigger of migration 0002 moves its agreements and their emails; the former TDSP sees none (D1).
    """

    number = models.CharField(_("agreement number"), max_length=12, unique=True)  # L7
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PENDING)
    initiated_at = models.DateTimeField(_("initiated"))
    expires_at = models.DateTimeField(_("invitation expires"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    changed_at = models.DateTimeField(db_default=Now(), editable=False)  # by a trigger, for programs (V5)

    # Many indexes begin with the company.
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="agreements", db_index=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="agreements")
    third_party_name = models.CharField(_("company name"), max_length=120)
    contact_name = models.CharField(_("contact name"), max_length=120)
    contact_phone = PhoneNumberField(_("contact phone"))
    contact_email = models.EmailField(_("contact email"))
    comments = models.TextField(_("comments"), max_length=1000, blank=True)
    attested_at = models.DateTimeField(_("authorization attested"))
    external_id = models.CharField("external ID", max_length=64, **_EMPTY_AT_FIRST)  # the company's, not unique (V6)

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="agreements")
    tdsp = models.ForeignKey(Tdsp, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="TDSP")
    esiid = models.CharField("ESIID", max_length=22)
    meter_number = models.CharField(_("meter number"), max_length=20)

    report_type = models.CharField(_("report type"), max_length=10, choices=ReportType.choices)
    report_length = models.CharField(_("report length"), max_length=4, choices=ReportLength.choices)
    # What the customer accepted to share, which may be less than was asked for; empty until then (C9).
    granted_type = models.CharField(
        _("granted report type"), max_length=10, choices=ReportType.choices, **_EMPTY_AT_FIRST
    )
    granted_length = models.CharField(
        _("granted report length"), max_length=4, choices=ReportLength.choices, **_EMPTY_AT_FIRST
    )

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements")
    was_registered = models.BooleanField(_("registered customer"))
    customer_kind = models.CharField(_("kind of customer"), max_length=12, choices=CustomerKind.choices)
    first_name = models.CharField(_("first name"), max_length=60)
    middle_initial = models.CharField(_("middle initial"), max_length=1, blank=True)
    last_name = models.CharField(_("last name"), max_length=60)
    suffix = models.CharField(_("suffix"), max_length=10, blank=True)
    title = models.CharField(_("title"), max_length=20, blank=True)
    customer_company_name = models.CharField(_("customer's company name"), max_length=120, blank=True)
    street = models.CharField(_("street"), max_length=250)
    city = models.CharField(_("city"), max_length=60)
    state = models.CharField(_("state"), max_length=2)
    zip_code = models.CharField(_("ZIP code"), max_length=10)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("email"), max_length=254)
    # For the third party's search and sort order; null while the name is masked (T1, T6).
    name_key = models.GeneratedField(
        expression=VISIBLE_NAME_KEY, output_field=models.TextField(db_collation="C"), db_persist=True
    )

    # The report's days, fixed at the acceptance or, where it had to wait for data, when they came (R2, R7).
    period_first_day = models.DateField(_("first day"), null=True, editable=False)
    period_last_day = models.DateField(_("last day"), null=True, editable=False)
    awaits_data_until = models.DateTimeField(_("waits for data until"), null=True, editable=False)

    # How far the report is; changed by transitions.change_report_state only (R1). Lists and sweeps read it here (R6).
    report_state = models.CharField(
        _("report state"), max_length=15, choices=ReportState.choices, default=ReportState.NONE, editable=False
    )

    # When the third party downloaded the report for the first time (R5).
    downloaded_at = models.DateTimeField("first downloaded", null=True, editable=False)

    # When the personal data of an agreement that was never accepted was deleted (X6).
    person_forgotten_at = models.DateTimeField(null=True, editable=False)

    # Signals against the consent hold the report until a TDSP has reviewed it (X1). `review` repeats the state of the
    # review for lists and indexes; consent_review.py changes both.
    consent_review = models.ForeignKey(ConsentReview, null=True, on_delete=models.PROTECT, related_name="agreements")
    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.NONE)
    # The customer rejected because of not knowing the company (C8).
    is_company_unknown = models.BooleanField(
        _("customer doesn't know the company"), default=False, db_default=False, editable=False
    )
    # When the customer said that someone else had accepted (X1).
    disavowed_at = models.DateTimeField(_("disavowed"), null=True, editable=False)

    # How far all of it is, for the lists and their counts (T3).
    stage = models.GeneratedField(
        expression=STAGE, output_field=models.CharField(max_length=15, choices=AgreementStage.choices), db_persist=True
    )

    is_overdue: bool  # annotated by AgreementQuerySet.with_overdue()
    offers_registration: bool  # annotated by AgreementQuerySet.with_registration_offer()

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-initiated_at", "-number"]
        constraints = CONSTRAINTS
        indexes = INDEXES
        triggers = TRIGGERS

    def __str__(self) -> str:
        return self.number

    @property
    @admin.display(description=_("customer"), ordering="last_name")
    def customer_name(self) -> str:
        return " ".join(filter(None, (self.first_name, self.middle_initial, self.last_name, self.suffix)))

    @property
    def addressee(self) -> str:
        return self.customer_company_name or self.customer_name

    def waits_for_answer(self, *, at: datetime) -> bool:
        """Return whether the database's row can still be answered (L2)."""
        return Agreement.objects.pending().filter(pk=self.pk, expires_at__gte=at).exists()

    def link_offers_registration(self) -> bool:
        """Return whether the link fills in a registration now (X7)."""
        current = Agreement.objects.filter(pk=self.pk).with_registration_offer().first()
        return current is not None and current.offers_registration

    @property
    def is_open(self) -> bool:
        """Whether the customer can answer; needs `is_overdue`."""
        return self.status == Status.PENDING and not self.is_overdue

    @property
    def was_answered(self) -> bool:
        return self.status in (Status.COMPLETE, Status.REJECTED)

    @property
    def masked_esiid(self) -> str:
        return mask_esiid(self.esiid)

    @property
    def asked(self) -> ReportScope:
        """What the company asked for."""
        return ReportScope(self.report_type, self.report_length)

    @property
    def shared(self) -> ReportScope:
        """What the customer granted; until then, what the company asked for (C9)."""
        return ReportScope(self.granted_type or self.report_type, self.granted_length or self.report_length)

    @property
    def shares_less(self) -> bool:
        return self.shared != self.asked

    @property
    def covers_no_day(self) -> bool:
        """Whether the period that was fixed at the acceptance has no day, because the service began later (R2)."""
        first, last = self.period_first_day, self.period_last_day
        return first is not None and last is not None and first > last

    @property
    def can_have_report(self) -> bool:
        """Whether the company has, or can still get, a file of this accepted agreement."""
        return not self.covers_no_day and self.report_state not in (ReportState.NO_DATA, ReportState.PURGED)

    @property
    def counts_until(self) -> datetime:
        """When it no longer counts toward the yearly limit, if it counts (L5)."""
        return self.initiated_at.astimezone(CENTRAL) + settings.AGREEMENT_LIMIT_WINDOW

    @property
    def utility_has_staff(self) -> bool:
        """Whether the TDSP's own people are told and review; the operators do it otherwise."""
        return User.objects.filter(is_staff=True, is_active=True, tdsp=self.tdsp_id).exists()

    @property
    def is_contact_stopped(self) -> bool:
        """Whether the company may write nothing to the customer's address (C8)."""
        return bool(self.email) and stops_contact(self.company_id, self.email)

    @property
    def awaits_data(self) -> bool:
        """Whether the report waits for the utility's data (R7)."""
        return self.report_state == ReportState.AWAITING_DATA

    @property
    def is_report_coming(self) -> bool:
        """Whether a worker makes the report now or soon."""
        return self.report_state in (ReportState.DUE, ReportState.MAKING, ReportState.RETRYING)

    @property
    @admin.display(description=_("service address"))
    def service_address(self) -> str:
        return f"{self.street}, {self.city}, {self.state} {self.zip_code}"
