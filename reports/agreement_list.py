"""The third party's list of agreements: its filters, order, counts, columns and rows (T3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.core.paginator import Paginator
from django.db.models import Case, CharField, Count, F, IntegerField, Q, Value, When
from django.db.models.expressions import OrderBy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.masking import VisibleCustomer, customer_for_third_party
from agreements.models import Agreement, AgreementQuerySet, Review
from agreements.search import Item, Search
from agreements.states import FINAL, Status
from reports.models import ReportState

PAGE_SIZE = 25


@dataclass(frozen=True)
class ReportStage:
    """How far the report of an agreement is, for the third party; each agreement is in exactly one stage."""

    value: str
    label: Promise
    condition: Q
    is_tagged: bool = True


_ENTITLED = Q(status=Status.COMPLETE, review__in=[Review.NONE, Review.RELEASED])
_FAILED = Q(report__state=ReportState.FAILED)
REPORT_STAGES = {
    stage.value: stage
    for stage in (
        ReportStage("waiting", _("After acceptance"), Q(status=Status.PENDING), is_tagged=False),
        ReportStage("held", _("Under review"), Q(review=Review.HELD)),
        ReportStage("making", _("Being made"), _ENTITLED & (Q(report=None) | _FAILED & ~Q(report__retry_at=None))),
        ReportStage("ready", _("Ready"), _ENTITLED & Q(report__state=ReportState.READY)),
        ReportStage("no_data", _("No data"), _ENTITLED & Q(report__state=ReportState.NO_DATA)),
        ReportStage("failed", _("Failed"), _ENTITLED & _FAILED & Q(report__retry_at=None)),
        ReportStage("purged", _("Deleted"), _ENTITLED & Q(report__state=ReportState.PURGED)),
        ReportStage("refused", _("Refused after review"), Q(review=Review.REFUSED)),
        ReportStage("none", _("None"), Q(status__in=FINAL - {Status.COMPLETE}), is_tagged=False),
    )
}

NEWEST_FIRST = ("-initiated_at", "-number")
OLDEST_FIRST = ("initiated_at", "number")
SORT_KEYS: dict[str, Any] = {
    "status": F("status"),
    # Only a pending request expires; all others sort last.
    "expires": Case(When(status=Status.PENDING, then="expires_at")),
    # Null while the third party may not read the name (T6).
    "customer": F("name_key"),
    "report": Case(
        *(When(stage.condition, then=Value(rank)) for rank, stage in enumerate(REPORT_STAGES.values())),
        output_field=IntegerField(),
    ),
}
SORTS: dict[str, Promise] = {
    "-initiated": _("Newest first"),
    "initiated": _("Oldest first"),
    "status": _("Status, A to Z"),
    "-status": _("Status, Z to A"),
    "expires": _("Invitation expires, soonest first"),
    "-expires": _("Invitation expires, latest first"),
    "customer": _("Customer's last name, A to Z"),
    "-customer": _("Customer's last name, Z to A"),
    "report": _("Report state, first to last"),
    "-report": _("Report state, last to first"),
}


@dataclass(frozen=True)
class ListOptions:
    """The filters and the order of a list; an empty filter means all."""

    status: str = ""
    report: str = ""  # a key of REPORT_STAGES
    sort: str = "-initiated"

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ListOptions:
        """Read the options from a URL's query; ignore unknown values."""
        status, report, sort = (query.get(name, "") for name in ("status", "report", "sort"))
        return cls(
            status if status in Status.values else "",
            report if report in REPORT_STAGES else "",
            sort if sort in SORTS else cls.sort,
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.status or self.report)

    def apply(self, agreements: AgreementQuerySet) -> AgreementQuerySet:
        """Filter and order `agreements`."""
        if self.status:
            agreements = agreements.filter(status=self.status)
        if self.report:
            agreements = agreements.filter(REPORT_STAGES[self.report].condition)
        name, is_descending = self.sort.lstrip("-"), self.sort.startswith("-")
        if name == "initiated":
            return agreements.order_by(*(NEWEST_FIRST if is_descending else OLDEST_FIRST))
        # Nulls sort last in both directions. In ascending order that is the default, which the index serves.
        key = OrderBy(SORT_KEYS[name], descending=is_descending, nulls_last=True if is_descending else None)
        return agreements.order_by(key, *NEWEST_FIRST)


@dataclass(frozen=True)
class ColumnHead:
    """A column's head: `sort` is the order its link asks for, `direction` the value of aria-sort; both may be empty."""

    label: Promise | str
    sort: str = ""
    direction: str = ""


def column_heads(options: ListOptions) -> list[ColumnHead]:
    """Return the heads of the table. A second click on a head reverses the order."""
    heads = []
    for label, sort in (
        (_("Agreement"), "-initiated"),
        (_("Status"), "status"),
        (_("Invitation expires"), "expires"),
        (_("Customer"), "customer"),
        ("ESIID", ""),
        (_("Report"), ""),
        (_("Report state"), "report"),
    ):
        if not sort or sort.lstrip("-") != options.sort.lstrip("-"):
            heads.append(ColumnHead(label, sort))
        elif options.sort.startswith("-"):
            heads.append(ColumnHead(label, options.sort[1:], "descending"))
        else:
            heads.append(ColumnHead(label, f"-{options.sort}", "ascending"))
    return heads


@dataclass(frozen=True)
class AgreementCounts:
    """How many agreements there are of each status and after filtering, and which items of a search have none."""

    by_status: dict[str, int]
    filtered: int
    missing_items: tuple[Item, ...] = ()

    @property
    def all(self) -> int:
        return sum(self.by_status.values())

    @property
    def statuses(self) -> list[tuple[str, Promise, int]]:
        """Return value, label and count of each status."""
        return [(value, label, self.by_status.get(value, 0)) for value, label in Status.choices]


def count_agreements(
    agreements: AgreementQuerySet, options: ListOptions, search: Search | None = None
) -> AgreementCounts:
    """Count `agreements`, already narrowed to `search`, in one query."""
    conditions = search.conditions() if search else {}
    matches = {f"item_{place}": Count("pk", filter=condition) for place, condition in enumerate(conditions.values())}
    filtered = Count("pk", filter=REPORT_STAGES[options.report].condition) if options.report else Count("pk")
    grouped = agreements.order_by().values("status").annotate(count=Count("pk"), filtered=filtered, **matches)
    rows = cast("list[dict[str, Any]]", list(grouped))
    return AgreementCounts(
        {row["status"]: row["count"] for row in rows},
        sum(row["filtered"] for row in rows if options.status in ("", row["status"])),
        tuple(item for item, match in zip(conditions, matches, strict=True) if not any(row[match] for row in rows)),
    )


class AgreementRow(NamedTuple):
    """An agreement in the list, its customer masked as T6 says, and the stage of its report."""

    agreement: Agreement
    customer: VisibleCustomer
    stage: ReportStage


def with_report_stage(agreements: AgreementQuerySet) -> AgreementQuerySet:
    """Annotate each agreement with `report_stage`, a key of REPORT_STAGES."""
    whens = [When(stage.condition, then=Value(stage.value)) for stage in REPORT_STAGES.values()]
    return agreements.annotate(report_stage=Case(*whens, output_field=CharField()))


def list_context(
    agreements: AgreementQuerySet, options: ListOptions, counts: AgreementCounts, page_number: str | None
) -> dict[str, Any]:
    """Return what the table and its filters show: `page`, `rows`, `columns`, `options`, `report_stages`, `sorts`."""
    paginator = Paginator(options.apply(with_report_stage(agreements.with_overdue())), PAGE_SIZE)
    paginator.count = counts.filtered  # counted already: one query less
    page = paginator.get_page(page_number)
    rows = []
    for agreement in page:
        stage = REPORT_STAGES[getattr(agreement, "report_stage")]  # noqa: B009 - an annotation, unknown to the types
        rows.append(AgreementRow(agreement, customer_for_third_party(agreement), stage))
    return {
        "lists": True,
        "page": page,
        "rows": rows,
        "columns": column_heads(options),
        "options": options,
        "report_stages": REPORT_STAGES.values(),
        "sorts": SORTS.items(),
    }
