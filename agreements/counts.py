"""The numbers of a company's agreements: reading them, adding up changes, and counting again (T3, T16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, DateField, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Now, TruncDate

from agreements.models import Agreement, AgreementCount, AgreementStage
from agreements.models.count import KEY, KEY_OF_ROWS
from agreements.models.stage import REPORT_STAGES
from agreements.states import Status
from lib.central_time import CENTRAL

RECENT_DAYS = 90

FOLD_AT_ONCE = 20_000
_FOLD = f"""
    WITH latest AS (
        SELECT id FROM agreements_agreementcount WHERE NOT is_folded ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ), changes AS (
        DELETE FROM agreements_agreementcount WHERE id IN (SELECT id FROM latest) RETURNING {KEY}, change
    ), sums AS (
        DELETE FROM agreements_agreementcount WHERE id IN (
            SELECT id FROM agreements_agreementcount
            WHERE is_folded AND ({KEY}) IN (SELECT {KEY} FROM changes) FOR UPDATE SKIP LOCKED
        )
        RETURNING {KEY}, change
    ), folded AS (
        INSERT INTO agreements_agreementcount ({KEY}, change, is_folded)
        SELECT {KEY}, sum(change), true FROM (SELECT * FROM changes UNION ALL SELECT * FROM sums) AS both_kinds
        GROUP BY {KEY} HAVING sum(change) <> 0
    )
    SELECT count(*) FROM changes
"""


@dataclass(frozen=True)
class CompanyCounts:
    """How many agreements a company has, by stage; `recent`: of requests of the last RECENT_DAYS, today included."""

    stages: Counter[AgreementStage]
    overdue: int  # of AgreementStage.WAITING
    not_downloaded: int  # of AgreementStage.READY
    recent: Counter[AgreementStage]
    recent_downloaded: int

    @property
    def total(self) -> int:
        return self.stages.total()

    def of(self, stages: Iterable[AgreementStage]) -> int:
        return sum(self.stages[stage] for stage in stages)

    @property
    def pending(self) -> int:
        """By the clock: an overdue request is not pending, whether or not the sweep has recorded it (L2)."""
        return self.stages[AgreementStage.WAITING] - self.overdue

    @property
    def not_accepted(self) -> int:
        return self.stages[AgreementStage.NOT_ACCEPTED] + self.overdue

    @property
    def complete(self) -> int:
        return self.of(REPORT_STAGES)


def count_agreements(company_id: int, *, at: datetime | None = None) -> CompanyCounts:
    """Count a company's agreements from what triggers have written; only the overdue ones are counted as rows.

    `at` decides what is recent, by default the database's clock.
    """
    # Of days, not of hours: a day on which the clock is changed has 23 or 25.
    today = TruncDate(Value(at) if at else Now(), tzinfo=CENTRAL)
    since = Cast(today - timedelta(days=RECENT_DAYS - 1), DateField())
    late = Agreement.objects.filter(company=company_id, status=Status.PENDING, expires_at__lt=Now())
    late_count = late.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n")
    changes = AgreementCount.objects.filter(company=company_id).values_list("stage", "is_downloaded")
    sums = changes.annotate(
        total=Sum("change"),
        recent=Sum("change", filter=Q(day__gte=since), default=0),
        overdue=Coalesce(Subquery(late_count), 0),
    )
    stages: Counter[AgreementStage] = Counter()
    recent: Counter[AgreementStage] = Counter()
    not_downloaded = recent_downloaded = overdue = 0
    for stage, is_downloaded, total, recent_total, late_total in sums:
        stages[stage] += total
        overdue = late_total  # the same in every row
        recent[stage] += recent_total
        recent_downloaded += recent_total * is_downloaded
        not_downloaded += total * (stage == AgreementStage.READY and not is_downloaded)
    return CompanyCounts(stages, overdue, not_downloaded, recent, recent_downloaded)


def fold_counts() -> int:
    """Replace changes by their sums; return how many changes there were. Two at once fold different ones."""
    total, folded = 0, FOLD_AT_ONCE
    while folded == FOLD_AT_ONCE:
        with connection.cursor() as cursor:
            cursor.execute(_FOLD, [FOLD_AT_ONCE])
            folded = cursor.fetchone()[0]
        total += folded
    return total


@transaction.atomic
def recount() -> None:
    """Count all agreements again, while none can change: after a restore that switched the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE agreements_agreement IN SHARE MODE")
        cursor.execute("DELETE FROM agreements_agreementcount")
        cursor.execute(
            f"INSERT INTO agreements_agreementcount ({KEY}, change, is_folded)"
            f" SELECT {KEY_OF_ROWS}, count(*), true FROM agreements_agreement GROUP BY 1, 2, 3, 4"
        )
