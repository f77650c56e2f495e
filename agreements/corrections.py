"""The customer's address of a submission without an answer is corrected, and its link replaced (T15, C10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.models import User
from agreements import daily_limits, emails, locks
from agreements.consent import record_signals_at_initiation
from agreements.masking import mask_address
from agreements.models import AddressCorrection, Agreement, AgreementEvent, ConsentSignal, EventKind, Submission
from agreements.permissions import MAY_CORRECT, acting_member
from agreements.reminders import restart_reminders
from agreements.request import AgreementRequest, MeterRow, Person, match_meters, mismatch_problem
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from companies.models import Company
from customers.models import CustomerKind
from lib import link_tokens
from lib.central_time import utc_or_now
from lib.refusals import Problem, Refused
from notifications.actions import supersede_emails


def correct_address(agreement: Agreement, address: str, *, by: User, at: datetime | None = None) -> AddressCorrection:
    """Send what is pending of the agreement's submission to `address`, with a new link and the old deadline.

    The old link only says so, and emails to the old address that wait are not sent. Checks what a new request checks,
    but counts no further agreement (L5). Raises PermissionDenied, TransitionRefused, and Refused; an address that does
    not match counts as a failed match (T7, X2).
    """
    with transaction.atomic():
        company = locks.lock_company(acting_member(by, MAY_CORRECT).company_id)
        acting_member(by, MAY_CORRECT)  # again: the company may have been suspended while this waited for the lock
        locks.lock_mailbox(address)
        submission = locks.lock_submission(agreement.submission_id)
        agreements = locks.lock_agreements_of(submission)
        at = utc_or_now(at)
        pending = _correctable(agreement, agreements, at)
        old_address = pending[0].email
        if address.lower() == old_address.lower():
            message = _("The request already went to this address. Enter a different one, or resend the email instead.")
            raise Refused(Problem(message, field="email", code="same"))
        request = _corrected_request(pending, address)
        try:
            daily_limits.refuse_corrections(company, at=at)
            daily_limits.refuse_guessing(request, by=by, company=company, at=at)
            _check_matches(request, pending, company)
            daily_limits.refuse_mailbox_flooding(address, company=company, at=at)
            return _replace_address(submission, pending, address, by=by, at=at)
        except Refused as refused:
            refusal = daily_limits.record_failed_matches(refused, request, by=by, company=company, at=at)
    if any(problem.code == "mismatch" for problem in refusal.problems):
        raise Refused(mismatched_address(), warning=refusal.warning)
    raise refusal  # after the commit, so that the failed matches stay recorded


def mismatched_address() -> Problem:
    """Return the only answer to an address that may not get the request: the possible causes (T7, C8)."""
    return Problem(
        code="mismatch",
        field="email",
        message=_("This email doesn't match our records for the meters of this request."),
        causes=(
            _("The customer's registration status or email is different from what you entered."),
            _("The customer doesn't want requests from your company."),
            _("The meter has been replaced since you created the agreement."),
        ),
    )


def correction_problem(submission: Submission, agreements: Iterable[Agreement]) -> Problem | None:
    """Return why no address of the submission, which has these agreements, can be corrected any more (T15)."""
    if any(each.was_answered for each in agreements):
        message = _("The customer has answered another request in the same email, so you can't correct its address.")
        return Problem(message, code="answered")
    if submission.corrections.count() >= (most := settings.CORRECTIONS_PER_SUBMISSION):
        message = _("The customer's email has been corrected %(most)d times, which is the limit.")
        return Problem(message % {"most": most}, code="corrections")
    return None


def _correctable(agreement: Agreement, agreements: Sequence[Agreement], at: datetime) -> list[Agreement]:
    """Return what is pending of the submission's locked rows. Raises TransitionRefused, Refused."""
    (current,) = (each for each in agreements if each.pk == agreement.pk)
    if current.status != Status.PENDING or current.expires_at < at:
        raise TransitionRefused(current)
    if problem := correction_problem(current.submission, agreements):
        raise Refused(problem)
    return [each for each in agreements if each.status == Status.PENDING and each.expires_at >= at]


def _corrected_request(pending: Sequence[Agreement], address: str) -> AgreementRequest:
    """Return the form as it would be if it were filled in now, with `address`."""
    first = pending[0]
    person = Person(**asdict(Person.of_agreement(first)) | {"email": address})
    rows = tuple(MeterRow(row, each.esiid, each.meter_number) for row, each in enumerate(pending, 1))
    kind = CustomerKind(first.customer_kind)
    return AgreementRequest(first.was_registered, kind, person, rows, first.report_type, first.report_length)


def _check_matches(request: AgreementRequest, pending: Sequence[Agreement], company: Company) -> None:
    """Raise Refused unless every meter still matches, for a registered customer the same as before (T7, C8)."""
    matches = match_meters(request, company=company)
    problems = []
    for row, agreement in zip(request.rows, pending, strict=True):
        match = matches.get(row.row)
        is_other = request.registered and match is not None and match.customer_id != agreement.customer_id
        if match is None or is_other:
            problems.append(mismatch_problem(row.row))
    if problems:
        raise Refused(*problems)


def _replace_address(
    submission: Submission, pending: Sequence[Agreement], address: str, *, by: User, at: datetime
) -> AddressCorrection:
    old_address = pending[0].email
    correction = AddressCorrection.objects.create(
        submission=submission,
        at=at,
        by=by,
        old_link_hash=submission.link_hash,
        old_address=mask_address(old_address),
        new_address=mask_address(address),
    )
    supersede_emails([agreement.number for agreement in pending], emails.SENT_FOR_COMPANY, at=at)
    submission.link_nonce = link_tokens.new_nonce()
    submission.link_hash = link_tokens.hash_token(link_tokens.derive_token(submission.link_nonce))
    submission.save(update_fields=["link_nonce", "link_hash"])
    columns: dict[str, object] = {"email": address}
    if not pending[0].was_registered:
        columns["customer"] = None  # a person who signed up with the old address is not the customer
    pks = [agreement.pk for agreement in pending]
    Agreement.objects.filter(pk__in=pks).update(**columns)
    related = ("premise", "tdsp", "submission", "company", "customer__user")
    corrected = list(Agreement.objects.filter(pk__in=pks).select_related(*related).order_by("number"))
    status = {"from_status": Status.PENDING, "to_status": Status.PENDING}
    AgreementEvent.objects.bulk_create(
        AgreementEvent(
            agreement=each, at=at, kind=EventKind.CORRECTED, channel=Channel.THIRD_PARTY, by=by, correction=correction,
            **status,
        )
        for each in corrected
    )  # fmt: skip
    ConsentSignal.objects.filter(agreement__in=pks).delete()  # signals of the old address
    record_signals_at_initiation(corrected, at=at)
    # A mailbox gets no more by corrections than by requests; the agreements count for the address that they have now.
    rate_limits.record_hits([daily_limits.corrected_mailbox(old_address)], at=at)
    restart_reminders(submission, at=at)
    emails.queue_corrected_invitation(corrected, correction)
    return correction
