"""What is forgotten, and when (X6). Each sweep does a bounded piece and may run late or twice."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from agreements.models import Agreement, AgreementEvent, AgreementQuerySet, ConsentSignal, Letter
from agreements.states import NEVER_ACCEPTED
from lib.append_only import retention
from lib.central_time import utc_or_now
from notifications.models import Email

BATCH = 500
FORGOTTEN = "—"  # stands where a required name or address was


def forget_people(*, at: datetime | None = None) -> int:
    """Take the customer's personal data out of agreements that were never accepted, settings.PERSONAL_DATA_RETENTION
    after their end. Number, meter, status and events stay: they are the record, and L5 counts them."""
    at = utc_or_now(at)
    due = Agreement.objects.filter(
        status__in=NEVER_ACCEPTED, ended_at__lt=at - settings.PERSONAL_DATA_RETENTION, person_forgotten_at=None
    )
    with transaction.atomic():
        found = list(due.select_for_update(skip_locked=True).order_by("ended_at")[:BATCH])
        for agreement in found:
            Email.objects.about(agreement.number).filter(to_address=agreement.email).update(to_address="")
        Agreement.objects.filter(pk__in=[agreement.pk for agreement in found]).update(
            customer=None,
            first_name=FORGOTTEN,
            middle_initial="",
            last_name=FORGOTTEN,
            title="",
            customer_company_name="",
            street=FORGOTTEN,
            city=FORGOTTEN,
            state="",
            zip_code="",
            phone="",
            email="",
            comments="",
            person_forgotten_at=at,
        )
    return len(found)


def delete_old(*, at: datetime | None = None) -> int:
    """Delete agreements settings.AGREEMENT_RETENTION after their end; those with a report go together with it."""
    before = utc_or_now(at) - settings.AGREEMENT_RETENTION
    return delete_agreements(Agreement.objects.filter(ended_at__lt=before, report_recorded=False))


def delete_agreements(agreements: AgreementQuerySet) -> int:
    """Delete at most BATCH of `agreements` with their events, letters and emails; return how many."""
    with retention():
        keys = list(agreements.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "number")[:BATCH])
        pks, numbers = [pk for pk, _number in keys], [number for _pk, number in keys]
        for model in (AgreementEvent, Letter, ConsentSignal):
            model._default_manager.filter(agreement__in=pks).delete()
        Email.objects.filter(about__in=numbers).delete()
        Agreement.objects.filter(pk__in=pks).delete()
    return len(keys)
