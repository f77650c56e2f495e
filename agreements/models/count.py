"""How many agreements each company has, without reading them: changes of the numbers, written by triggers (T3, T16)."""

from __future__ import annotations

import pgtrigger
from django.db import models

from agreements.models.stage import AgreementStage
from companies.models import Company

KEY = "company_id, day, stage, is_downloaded"
# The same of rows of the agreements' table.
KEY_OF_ROWS = "company_id, (initiated_at AT TIME ZONE 'America/Chicago')::date, stage, downloaded_at IS NOT NULL"


class AgreementCount(models.Model):
    """A change of the number of agreements; the number is the sum.

    Many agreements of a company change at once, so no transaction updates a row that others wait for: a trigger adds a
    row in the transaction of the change, and a sweep adds up what is committed (counts.fold_counts).
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    day = models.DateField()  # the Central day of the request
    stage = models.CharField(max_length=15, choices=AgreementStage.choices)
    is_downloaded = models.BooleanField()
    change = models.IntegerField()
    is_folded = models.BooleanField(db_default=False)  # the sum of earlier rows

    class Meta:
        indexes = [
            models.Index(
                fields=["company", "day", "stage", "is_downloaded"], include=["change"], name="count_of_company"
            ),
            models.Index(fields=["id"], name="count_to_fold", condition=models.Q(is_folded=False)),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} {self.day} {self.stage}: {self.change:+}"


def _count_trigger(name: str, operation: pgtrigger.Operation, **rows: str) -> pgtrigger.Trigger:
    """Return the trigger that counts the changed `rows`: the names of `old` and `new` ones, as the operation has."""
    sides = [
        f"SELECT {KEY_OF_ROWS}, {sign} FROM {rows[side]}"
        for side, sign in (("new", "1"), ("old", "-1"))
        if side in rows
    ]
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=f"""
            INSERT INTO agreements_agreementcount ({KEY}, change)
            SELECT {KEY}, sum(change) FROM ({" UNION ALL ".join(sides)}) AS changed ({KEY}, change)
            GROUP BY {KEY} HAVING sum(change) <> 0;
            RETURN NULL;
        """,
    )


COUNT_TRIGGERS = [
    _count_trigger("count_insert", pgtrigger.Insert, new="new_agreements"),
    _count_trigger("count_update", pgtrigger.Update, new="new_agreements", old="old_agreements"),
    _count_trigger("count_delete", pgtrigger.Delete, old="old_agreements"),
]
