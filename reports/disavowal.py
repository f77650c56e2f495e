"""“This wasn't me”: a customer says that someone else accepted (X1)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from agreements import locks
from agreements.consent_review import lock_open_review, record_disavowal
from agreements.models import Agreement
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import Channel, Status
from agreements.transitions import TransitionRefused
from lib.central_time import utc_or_now
from reports.models import Report


@transaction.atomic
def disavow(agreement: Agreement, *, channel: Channel, by: User | None = None, at: datetime | None = None) -> None:
    """Hold the report for a review at once, unless it was downloaded before, and tell the TDSP in any case.

    The second time, and where a review refused the report, nothing changes. Raises TransitionRefused if the request
    was not accepted. A download that comes first counts, and one that comes later is refused: both lock the report.
    """
    lock_open_review(agreement).first()
    agreement = locks.lock_agreement(agreement)
    if agreement.status != Status.COMPLETE:
        raise TransitionRefused(agreement)
    if agreement.disavowed_at or agreement.review in REVIEW_REFUSES_REPORT:
        return
    report = Report.objects.select_for_update(no_key=True).filter(agreement=agreement).first()
    first = report.downloads.order_by("at").first() if report else None
    record_disavowal(agreement, channel=channel, by=by, downloaded_at=first.at if first else None, at=utc_or_now(at))
