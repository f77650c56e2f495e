"""How long data about agreements is kept (X6). Each sweep deletes a bounded batch and may run late or twice.

Personal data of agreements never accepted    settings.PERSONAL_DATA_RETENTION after their end
Agreements with everything about them         settings.AGREEMENT_RETENTION after their end
Drafts, submitted or not                      settings.AGREEMENT_DRAFT_RETENTION
Failed matches                                30 days
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from agreements.models import (
    AddressCorrection,
    Agreement,
    AgreementEvent,
    AgreementQuerySet,
    ConsentReview,
    ConsentSignal,
    Draft,
    FailedMatch,
    Letter,
    Submission,
)
from agreements.states import NEVER_ACCEPTED, NOT_BEGUN
from lib.append_only import retention
from lib.central_time import utc_or_now
from notifications.actions import delete_emails_about
from notifications.models import REQUEST_KINDS, Email

BATCH = 500
DELETED = "—"  # replaces required names and addresses
FAILED_MATCH_RETENTION = timedelta(days=30)


@transaction.atomic
def delete_personal_data(*, at: datetime | None = None) -> int:
    """Delete the customer's personal data from agreements that were never accepted.

    Number, meter, status and events stay: they are the record, and the yearly limit counts them (L5).
    """
    at = utc_or_now(at)
    due = Agreement.objects.filter(
        status__in=NEVER_ACCEPTED, ended_at__lt=at - settings.PERSONAL_DATA_RETENTION, person_forgotten_at=None
    )
    agreements = list(due.select_for_update(skip_locked=True).order_by("ended_at")[:BATCH])
    empty = (
        "middle_initial",
        "suffix",
        "title",
        "customer_company_name",
        "state",
        "zip_code",
        "phone",
        "email",
        "comments",
    )
    Agreement.objects.filter(pk__in=[agreement.pk for agreement in agreements]).update(
        customer=None,
        person_forgotten_at=at,
        **dict.fromkeys(("first_name", "last_name", "street", "city"), DELETED),
        **dict.fromkeys(empty, ""),
    )
    for agreement in agreements:
        _delete_address(agreement)
    return len(agreements)


def _delete_address(agreement: Agreement) -> None:
    """Delete the customer's address from the emails that are about no agreement of the submission that still has it.

    The account that answered may have another address than the request (C4).
    """
    kept = Agreement.objects.filter(submission=agreement.submission_id, person_forgotten_at=None)
    own = Q(to_address=agreement.email) | Q(key__endswith=":customer") | Q(kind__in=REQUEST_KINDS)
    emails = Email.objects.about(agreement.number).filter(own)
    emails.exclude(about__overlap=list(kept.values_list("number", flat=True))).update(to_address="")
    if not kept.exists():
        agreement.submission.corrections.update(old_address="", new_address="")
        Submission.objects.filter(pk=agreement.submission_id).update(authorization_reference="")  # may have a name


def delete_old_agreements(*, at: datetime | None = None) -> int:
    """Delete agreements without a report; those with one are deleted together with it."""
    before = utc_or_now(at) - settings.AGREEMENT_RETENTION
    return delete_agreements(Agreement.objects.filter(ended_at__lt=before, report_state__in=NOT_BEGUN))


def delete_agreements(agreements: AgreementQuerySet) -> int:
    """Delete at most BATCH of `agreements` with their events, letters, signals and emails; return how many.

    A submission, and a review, is deleted with the last of its agreements. The submission's lock makes one of two
    sweeps see that it is the last.
    """
    with retention():
        locked = agreements.select_for_update(skip_locked=True, of=("self",))
        keys = list(locked.values_list("pk", "number", "submission")[:BATCH])
        pks, numbers = [pk for pk, _number, _submission in keys], [number for _pk, number, _submission in keys]
        submissions = Submission.objects.filter(pk__in={submission for _pk, _number, submission in keys})
        list(submissions.select_for_update().order_by("pk").values_list("pk"))
        for model in (AgreementEvent, Letter, ConsentSignal):
            model._default_manager.filter(agreement__in=pks).delete()
        delete_emails_about(numbers)
        Agreement.objects.filter(pk__in=pks).delete()
        ConsentReview.objects.filter(submission__in=submissions, agreements=None).delete()
        AddressCorrection.objects.filter(submission__in=submissions, submission__agreements=None).delete()
        submissions.filter(agreements=None).delete()
    return len(keys)


def delete_old_drafts(*, at: datetime | None = None) -> int:
    """Delete drafts: those abandoned hold personal data, those submitted have done their job."""
    return Draft.objects.filter(created_at__lt=utc_or_now(at) - settings.AGREEMENT_DRAFT_RETENTION).delete()[0]


def delete_old_failed_matches(*, at: datetime | None = None) -> int:
    """Delete failed matches that no notice needs any more."""
    return FailedMatch.objects.filter(at__lt=utc_or_now(at) - FAILED_MATCH_RETENTION).delete()[0]
