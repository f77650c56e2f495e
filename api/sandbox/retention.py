"""Test agreements are deleted when their company asks for it, or 30 days after their end (V15, V17, X6)."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from agreements.locks import lock_company
from agreements.models import Agreement, AgreementQuerySet, ContactStop
from agreements.retention import delete_agreements
from api.models import IdempotencyKey, SandboxPremise, SandboxStep
from companies.models import Company
from customers.models import EsiidClaim
from lib.central_time import central_day, utc_or_now
from meters.models import Meter, Premise, UsageDay
from reports.actions import delete_reports
from reports.models import Report

BATCH = 100


@transaction.atomic
def reset_sandbox(sandbox: Company) -> int:
    """Delete all agreements of a sandbox with what belongs to them, and return their number.

    Its idempotency keys, and the mailboxes to which it may not write, are forgotten, too.
    """
    lock_company(sandbox.pk)  # no step is being done, and no agreement created
    agreements = Agreement.objects.filter(company=sandbox)
    count = len(list(agreements.select_for_update().order_by("pk").values_list("pk")))
    SandboxStep.objects.filter(agreement__company=sandbox).delete()
    _delete(agreements)
    IdempotencyKey.objects.filter(company=sandbox).delete()
    ContactStop.objects.filter(company=sandbox).delete()
    return count


def delete_old_test_agreements(*, at: datetime | None = None) -> int:
    """Delete test agreements settings.SANDBOX_RETENTION after their end, then their premises; return how many."""
    before = utc_or_now(at) - settings.SANDBOX_RETENTION
    old = Agreement.objects.filter(company__sandbox_of__isnull=False, ended_at__lt=before)
    count = _delete(old)
    while _delete_premises(central_day(before)):
        continue
    return count


def _delete(agreements: AgreementQuerySet) -> int:
    count = 0
    while deleted := delete_reports(Report.objects.filter(agreement__in=agreements)):
        count += deleted
    while deleted := delete_agreements(agreements.filter(report=None)):
        count += deleted
    return count


@transaction.atomic
def _delete_premises(before: date) -> int:
    """Delete at most BATCH test premises that were made before this day and have no agreement."""
    agreements = Agreement.objects.filter(premise=OuterRef("premise"))
    unused = SandboxPremise.objects.filter(~Exists(agreements), made_on__lt=before)
    keys = list(unused.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    UsageDay.objects.filter(premise_id__in=keys).delete()
    for model in (EsiidClaim, Meter):
        model._default_manager.filter(premise__in=keys).delete()
    SandboxPremise.objects.filter(pk__in=keys).delete()
    return Premise.objects.filter(pk__in=keys).delete()[0]
