"""Initiating: check page 1, keep it as a draft, create all agreements of a form or none (T4 to T9, L5 to L7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import emails, limits, rules
from agreements.actions import expire_overdue
from agreements.consent import consent_signals
from agreements.meter_match import Match, match
from agreements.models import Agreement, AgreementEvent, Draft, EventKind
from agreements.models.day_counter import take_numbers
from agreements.permissions import acting_member
from agreements.request_data import Contact, MeterRow, Person, Problem, Question, Refused
from agreements.states import INITIAL, Channel
from companies.models import Company
from customers.models import Customer, CustomerKind
from lib import link_tokens
from lib.central_time import central_day, utc_or_now
from meters.models import Premise


@dataclass(frozen=True)
class Initiation:
    """What a submission led to; `is_new` is False for the second click on the same form (T9)."""

    agreements: list[Agreement]
    is_new: bool


def start_draft(question: Question, *, by: User, at: datetime | None = None) -> Draft:
    """Check page 1 and keep it for page 2. Raises Refused with a problem per row that cannot be asked."""
    company = acting_member(by, "may_initiate").company
    with transaction.atomic():
        limits.lock(company)
        limits.lock_esiids(question)
        at = utc_or_now(at)
        problems = _problems_of_page_1(question, by, company, at)
        if not problems:
            return Draft.objects.create(user=by, answers=question.answers())
    raise Refused(problems)  # outside: the failed matches written down above must stay


@transaction.atomic
def initiate(
    draft_id: UUID, *, by: User, contact: Contact, comments: str, attested: bool, at: datetime | None = None
) -> Initiation:
    """Create the draft's agreements, one per meter, each with its invitation; all or none (L6).

    Raises Draft.DoesNotExist for a draft that is not `by`'s, Refused for what a rule forbids. Submitting the same
    draft again gives back what the first submission created.
    """
    draft = Draft.objects.select_for_update().get(pk=draft_id, user=by)
    if draft.submitted_at:
        return Initiation(list(draft.agreements.order_by("number")), is_new=False)
    company = acting_member(by, "may_initiate").company
    if not attested:
        message = _("Confirm that you hold the customer's authorization. Without it no agreement can be created.")
        raise Refused([Problem("attestation", message)])
    question = Question.from_answers(draft.answers)
    limits.lock(company)
    acting_member(by, "may_initiate")  # once more: whoever suspends the company meanwhile is waited for, and counts
    limits.lock_mailbox(question.person.email)
    premise_ids = [found.premise_id for found in match(question)[0].values()]
    rules.lock_premises(premise_ids)
    at = utc_or_now(at)
    expire_overdue(premise_ids=premise_ids, at=at)  # what the clock has closed must not count as waiting
    matches = _check(question, company, at)
    if refusal := limits.flooding(question, company=company, at=at):
        raise Refused([refusal])
    numbers = take_numbers(central_day(at), len(question.rows))
    agreements = [
        _create(
            question,
            row,
            matches[row.row],
            number,
            draft=draft,
            company=company,
            contact=contact,
            comments=comments,
            at=at,
        )
        for row, number in zip(question.rows, numbers, strict=True)
    ]
    consent_signals.record_signals_at_initiation(agreements, at=at)
    draft.submitted_at = at
    draft.answers = {}  # the agreements have the data now; one copy is enough
    draft.save(update_fields=["submitted_at", "answers"])
    return Initiation(agreements, is_new=True)


def customer_of_draft(question: Question) -> Person | None:
    """The registered customer behind a draft's question, as on record; None where the form asked for it (T6)."""
    if not question.registered:
        return None
    for found in match(question)[0].values():
        return _person_on_record(question, found)
    return None


def forget_drafts(*, at: datetime | None = None) -> int:
    """Delete drafts that nobody submitted in time, and spent ones: they hold or held personal data (X6)."""
    before = utc_or_now(at) - settings.AGREEMENT_DRAFT_RETENTION
    count, _by_model = Draft.objects.filter(created_at__lt=before).delete()
    return count


def _problems_of_page_1(question: Question, by: User, company: Company, at: datetime) -> list[Problem]:
    if refusal := limits.guessing(question, by=by, company=company, at=at):
        return [refusal]
    try:
        _check(question, company, at)
    except Refused as refused:
        failed = {problem.row for problem in refused.problems if problem.code == "mismatch"}
        rows = [row for row in question.rows if row.row in failed]
        beyond = limits.note_failures(rows, by=by, company=company, at=at) if rows else None
        return [beyond] if beyond else refused.problems
    refusal = limits.flooding(question, company=company, at=at)
    return [refusal] if refusal else []


def _check(question: Question, company: Company, at: datetime) -> dict[int, Match]:
    problems = rules.repeated_rows(question)
    matches, mismatches = match(question)
    problems += mismatches
    for row in question.rows:
        if found := matches.get(row.row):
            problem = rules.over_limit(company, found.premise_id, row.row, at) or rules.waiting(
                company, found.premise_id, row.row, question, at
            )
            if problem:
                problems.append(problem)
    if problems:
        raise Refused(sorted(problems, key=lambda problem: problem.row or 0))
    return matches


def _person_on_record(question: Question, found: Match) -> Person:
    if found.customer_id is None:
        return question.person
    customer = Customer.objects.select_related("user").get(pk=found.customer_id)
    premise = Premise.objects.get(pk=found.premise_id)
    return Person(
        email=customer.user.email,
        first_name=customer.user.first_name,
        middle_initial=customer.middle_initial,
        last_name=customer.user.last_name,
        title=customer.title,
        language=customer.user.language,
        company_name=customer.company_name,
        street=" ".join(part for part in (premise.address, premise.address_overflow) if part),
        city=premise.city,
        state=premise.state,
        zip_code=premise.zip_code,
        phone=str(customer.user.phone or ""),
    )


def _kind_on_record(question: Question, found: Match) -> CustomerKind:
    if found.customer_id is None:
        return question.kind
    return CustomerKind(Customer.objects.values_list("kind", flat=True).get(pk=found.customer_id))


def _create(
    question: Question,
    row: MeterRow,
    found: Match,
    number: str,
    *,
    draft: Draft,
    company: Company,
    contact: Contact,
    comments: str,
    at: datetime,
) -> Agreement:
    person, kind = _person_on_record(question, found), _kind_on_record(question, found)
    if kind != CustomerKind.BUSINESS:
        person = replace(person, company_name="")
    nonce = link_tokens.new_nonce()
    agreement = Agreement.objects.create(
        number=number,
        status=INITIAL,
        initiated_at=at,
        expires_at=at + settings.AGREEMENT_INVITATION_PERIOD,
        company=company,
        initiated_by=draft.user,
        submission=draft,
        third_party_name=company.legal_name,  # from the profile, whatever the form sent (functional rule 4)
        contact_name=contact.name,
        contact_phone=contact.phone,
        contact_email=contact.email,
        privacy_policy_url=company.privacy_policy_url,
        comments=comments,
        attested_at=at,
        premise_id=found.premise_id,
        esiid=row.esiid,
        meter_number=row.meter_number,
        report_type=question.report_type,
        report_length=question.report_length,
        with_utc=question.with_utc,
        customer_id=found.customer_id,
        was_registered=question.registered,
        customer_kind=kind,
        first_name=person.first_name,
        middle_initial=person.middle_initial,
        last_name=person.last_name,
        title=person.title,
        customer_company_name=person.company_name,
        street=person.street,
        city=person.city,
        state=person.state,
        zip_code=person.zip_code,
        phone=person.phone,
        email=person.email,
        language=person.language,
        link_nonce=nonce,
        link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce)),
    )
    AgreementEvent.objects.create(
        agreement=agreement, at=at, kind=EventKind.INITIATED, to_status=INITIAL, channel=Channel.FORM, by=draft.user
    )
    emails.invitation(agreement)
    return agreement
