"""What a third party has to look at: requests that weren't delivered, and reports that it will not get (T16)."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from agreements.models import AgreementQuerySet, AgreementStage
from agreements.search import FoundAgreement, found_agreements
from agreements.states import Status
from notifications.models import ENDED_BADLY, Email

NAMED_FOR = timedelta(days=30)  # after the acceptance
MOST_LISTED = 500


def agreements_that_need_attention(agreements: AgreementQuerySet, company_id: int) -> list[FoundAgreement]:
    """Return pending agreements whose emails were all undelivered, and recent ones whose report was refused or empty.

    At most MOST_LISTED of each.
    """
    requests = Email.objects.requests().to_current_address()
    undelivered = requests.failed_or_bounced().filter(
        company_id=company_id, queued_at__gte=Now() - settings.AGREEMENT_INVITATION_PERIOD - timedelta(days=1)
    )
    failed = set(chain.from_iterable(undelivered.order_by("-queued_at").values_list("about", flat=True)[:MOST_LISTED]))
    others = requests.about(*failed).exclude(state__in=ENDED_BADLY).values_list("about", flat=True) if failed else []
    failed -= set(chain.from_iterable(others))
    pending = Q(number__in=failed, status=Status.PENDING, expires_at__gte=Now())
    since = Now() - NAMED_FOR
    ended = Q(
        stage__in=[AgreementStage.REFUSED, AgreementStage.NO_DATA],
        ended_at__gte=since,
        initiated_at__gte=since - settings.AGREEMENT_INVITATION_PERIOD,  # the index ends with this column
    )
    parts = [pending, ended] if failed else [ended]
    return [found for part in parts for found in found_agreements(agreements.filter(part).order_by(), MOST_LISTED)]
