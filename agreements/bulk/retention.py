"""How long the personal data of a file's rows is kept (K6, X6). May run late or twice."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from agreements.models import BulkInvitation, BulkRow, BulkState
from lib.central_time import utc_or_now

AT_ONCE = 50


@transaction.atomic
def delete_bulk_data(*, at: datetime | None = None) -> int:
    """Empty the rows of files that ended settings.BULK_RETENTION ago, and delete files that were never sent.

    The outcomes, the counts and the agreement numbers stay. Return how many files were emptied or deleted. One that
    is stopped is not: its rows are still to be sent, or to be canceled.
    """
    before = utc_or_now(at) - settings.BULK_RETENTION
    old = BulkInvitation.objects.alias(until=Coalesce(F("ended_at"), F("created_at"))).filter(
        until__lt=before, forgotten_at=None
    )
    unsent = list(old.filter(state=BulkState.PREVIEW).values_list("pk", flat=True)[:AT_ONCE])
    BulkInvitation.objects.filter(pk__in=unsent, state=BulkState.PREVIEW).delete()
    ended = old.filter(ended_at__isnull=False).select_for_update(skip_locked=True, no_key=True)
    keys = [bulk.pk for bulk in ended[:AT_ONCE]]
    BulkRow.objects.filter(bulk__in=keys).update(cells=[])
    nothing = {"file_name": "", "contact": {}, "rows_hash": "", "forgotten_at": utc_or_now(at)}
    BulkInvitation.objects.filter(pk__in=keys).update(**nothing)
    return len(unsent) + len(keys)
