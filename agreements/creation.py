"""Creation of agreements: check page 1, save it as a draft, create all agreements of a form or none (T4 to T9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from agreements import company_emails, daily_limits, emails, locks
from agreements.actions import expire_overdue
from agreements.consent import record_signals_at_initiation
from agreements.models import Agreement, AgreementEvent, Draft, EventKind, Submission
from agreements.models.reminder import reminder_times
from agreements.models.submission import CHANGED, take_numbers
from agreements.permissions import acting_member
from agreements.request import AgreementRequest, Contact, MeterMatch, Person, check_request, match_meters
from agreements.states import INITIAL, Channel
from companies.models import Company
from customers.models import Customer, CustomerKind
from lib import link_tokens
from lib.central_time import central_day, utc_or_now
from lib.refusals import Problem, Refused
from meters.models import Premise


def start_draft(
    request: AgreementRequest, *, by: User, changed: Draft | None = None, at: datetime | None = None
) -> Draft:
    """Check page 1 and save it for page 2. Raises Refused with the problems of all rows.

    If page 1 of the draft `changed` was changed, the new draft has what was typed on its page 2 (T8).
    """
    company = acting_member(by, "may_initiate").company
    with transaction.atomic():
        locks.lock_company(company.pk)
        at = utc_or_now(at)
        try:
            daily_limits.refuse_guessing(request, by=by, company=company, at=at)
            check_request(request, company=company, at=at)
            daily_limits.refuse_flooding(request, company=company, at=at)
            if changed:  # the new draft has its entries now
                Draft.objects.unchecked(by.pk).filter(pk=changed.pk).delete()
                Draft.objects.unfinished(by.pk).filter(pk=changed.pk).update(entries={CHANGED: True})
            oldest = Draft.objects.unfinished(by.pk)[settings.DRAFTS_PER_USER - 1 :]
            Draft.objects.filter(pk__in=[draft.pk for draft in oldest]).delete()
            page_2 = changed.page_2 if changed else {}
            return Draft.objects.create(user=by, answers=request.to_json(), page_2=page_2)
        except Refused as refused:
            refusal = daily_limits.record_failed_matches(refused, request, by=by, company=company, at=at)
    raise refusal  # after the commit, so that the failed matches stay recorded


def discard_draft(draft_id: UUID, *, by: User) -> None:
    """Delete the user's draft; one that is being submitted meanwhile stays (T10)."""
    Draft.objects.filter(pk=draft_id, user=by, submitted_at=None).delete()


def initiate(
    draft_id: UUID,
    *,
    by: User,
    contact: Contact,
    comments: str,
    attested: bool,
    channel: Channel = Channel.FORM,
    at: datetime | None = None,
) -> list[Agreement]:
    """Create and return the draft's agreements, one per meter, and queue their invitations; all or none (L6).

    Submitting a draft again returns the agreements of the first submission (T9). Raises Draft.DoesNotExist for another
    user's draft, PermissionDenied, and Refused. A meter that no longer matches counts as a failed match (X2).
    """
    with transaction.atomic():
        draft = locks.lock_draft(draft_id, by)
        if draft.submitted_at:
            return list(Agreement.objects.filter(submission__draft_id=draft.pk).order_by("number"))
        company = acting_member(by, "may_initiate").company
        if not attested:
            message = _("Confirm that you have the customer's authorization.")
            raise Refused(Problem(message, field="attested", code="attestation"))
        request = AgreementRequest.from_json(draft.answers)
        locks.lock_company(company.pk)
        acting_member(by, "may_initiate")  # again: the company may have been suspended while this waited for the lock
        locks.lock_mailbox(request.person.email)
        premise_ids = [match.premise_id for match in match_meters(request).values()]
        locks.lock_premises(premise_ids)
        at = utc_or_now(at)
        expire_overdue(premise_ids=premise_ids, at=at)  # an overdue agreement must not count as waiting
        try:
            matches = check_request(request, company=company, at=at)
            daily_limits.refuse_flooding(request, company=company, at=at)
            return create_agreements(
                draft, request, matches, company=company, contact=contact, comments=comments, channel=channel, at=at
            )
        except Refused as refused:
            refusal = daily_limits.record_failed_matches(refused, request, by=by, company=company, at=at)
    raise refusal  # after the commit, so that the failed matches stay recorded


def create_agreements(
    draft: Draft,
    request: AgreementRequest,
    matches: Mapping[int, MeterMatch],
    *,
    company: Company,
    contact: Contact,
    comments: str,
    channel: Channel = Channel.FORM,
    at: datetime,
) -> list[Agreement]:
    """Create the agreements of a checked request, with events, signals and invitations, and end the draft."""
    submission = create_submission(draft, request, matches, company=company, contact=contact, at=at)
    numbers = take_numbers(central_day(at), len(request.rows))
    agreements = build_agreements(
        submission, request, matches, numbers=numbers, company=company, contact=contact, comments=comments, at=at
    )
    Agreement.objects.bulk_create(agreements)
    initiated = {"at": at, "kind": EventKind.INITIATED, "to_status": INITIAL, "channel": channel, "by": draft.user}
    AgreementEvent.objects.bulk_create(AgreementEvent(agreement=agreement, **initiated) for agreement in agreements)
    record_signals_at_initiation(agreements, at=at)
    emails.queue_invitation(agreements)
    draft.submitted_at = at
    draft.entries, draft.answers, draft.page_2 = {}, {}, {}  # the agreements have the data now; one copy is enough
    draft.save(update_fields=["submitted_at", "entries", "answers", "page_2"])
    return agreements


def create_submission(
    draft: Draft,
    request: AgreementRequest,
    matches: Mapping[int, MeterMatch],
    *,
    company: Company,
    contact: Contact,
    at: datetime,
) -> Submission:
    """Create what the form's agreements have in common, with their decision link (C10).

    A registered customer's language is the account's: all meters of a form are one account's.
    """
    submission = build_submission(draft, request, matches, company=company, at=at)
    submission.contact_user = company_emails.find_contact_user(company.pk, contact.email)
    submission.link_nonce = link_tokens.new_nonce()
    submission.link_hash = link_tokens.hash_token(link_tokens.derive_token(submission.link_nonce))
    submission.save()
    return submission


def build_submission(
    draft: Draft, request: AgreementRequest, matches: Mapping[int, MeterMatch], *, company: Company, at: datetime
) -> Submission:
    """Return the unsaved submission of a form, without a link."""
    registered = Customer.objects.filter(pk__in={match.customer_id for match in matches.values()})
    language = registered.values_list("user__language", flat=True).first()
    return Submission(
        draft_id=draft.pk,
        company=company,
        initiated_by=draft.user,
        initiated_at=at,
        privacy_policy_url=company.privacy_policy_url,  # from the profile, not from the form (T8)
        language=language or request.person.language,
        authorization_reference=request.authorization_reference,
        reminder_due_at=min(reminder_times(at).values(), default=None),
    )


def build_agreements(
    submission: Submission,
    request: AgreementRequest,
    matches: Mapping[int, MeterMatch],
    *,
    numbers: Sequence[str],
    company: Company,
    contact: Contact,
    comments: str,
    at: datetime,
) -> list[Agreement]:
    """Copy the form, the company's profile and a registered customer's record into new, unsaved agreements."""
    customers = Customer.objects.select_related("user").in_bulk({match.customer_id for match in matches.values()})
    premises = Premise.objects.select_related("tdsp").in_bulk(match.premise_id for match in matches.values())
    agreements = []
    for row, number in zip(request.rows, numbers, strict=True):
        match = matches[row.row]
        premise, customer = premises[match.premise_id], customers.get(match.customer_id)
        person = Person.of_customer(customer, premise) if customer else request.person
        kind = CustomerKind(customer.kind if customer else request.kind)
        if kind != CustomerKind.BUSINESS:
            person = replace(person, company_name="")
        agreements.append(
            Agreement(
                number=number,
                status=INITIAL,
                initiated_at=at,
                expires_at=at + settings.AGREEMENT_INVITATION_PERIOD,
                company=company,
                submission=submission,
                comments=comments,
                attested_at=at,
                third_party_name=company.legal_name,  # from the profile, not from the form (T8)
                premise=premise,
                tdsp=premise.tdsp,
                esiid=row.esiid,
                meter_number=row.meter_number,
                external_id=row.external_id,
                report_type=request.report_type,
                report_length=request.report_length,
                customer=customer,
                was_registered=request.registered,
                customer_kind=kind,
                **contact.columns(),
                **person.columns(),
            )  # fmt: skip
        )
    return agreements
