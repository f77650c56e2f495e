"""The third party's list of agreements while it is short, otherwise their search: filters, order, counts (T1, T3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.forms.search import Search, SearchForm
from agreements.masking import customer_for_third_party
from agreements.models import AgreementQuerySet, Review
from agreements.models.review import REVIEW_REFUSES_REPORT
from agreements.states import FINAL, ReportState, Status

PAGE_SIZE = 25
# A query with one of these asks for the list, even if it is long.
LIST_PARAMETERS = {"show", "status", "report", "sort", "page"}


@dataclass(frozen=True)
class ReportStage:
    """How far the report of an agreement is, for the third party; each agreement is in exactly one stage."""

    value: str
    label: Promise
    condition: Q
    is_tagged: bool = True


_UNDER_REVIEW = Q(review=Review.HELD)
_MAKING = Q(report_state__in=[ReportState.DUE, ReportState.MAKING, ReportState.RETRYING])
REPORT_STAGES = {
    stage.value: stage
    for stage in (
        ReportStage("waiting", _("After acceptance"), Q(status=Status.PENDING), is_tagged=False),
        ReportStage("held", _("Under review"), _UNDER_REVIEW),
        ReportStage("awaiting_data", _("Waiting for data"), Q(report_state=ReportState.AWAITING_DATA) & ~_UNDER_REVIEW),
        ReportStage("making", _("Being made"), _MAKING & ~_UNDER_REVIEW),
        ReportStage("ready", _("Ready"), Q(report_state=ReportState.READY) & ~_UNDER_REVIEW),
        ReportStage("no_data", _("No data"), Q(report_state=ReportState.NO_DATA) & ~_UNDER_REVIEW),
        ReportStage("failed", _("Failed"), Q(report_state=ReportState.FAILED) & ~_UNDER_REVIEW),
        ReportStage("purged", _("Deleted"), Q(report_state=ReportState.PURGED) & ~_UNDER_REVIEW),
        ReportStage("refused", _("Refused"), Q(review__in=REVIEW_REFUSES_REPORT)),
        ReportStage("none", _("None"), Q(status__in=FINAL - {Status.COMPLETE}), is_tagged=False),
    )
}

NEWEST_FIRST = ("-initiated_at", "-number")
SORT_KEYS: dict[str, Any] = {
    "status": F("status"),
    # Only a pending request expires; all others sort last.
    "expires": Case(When(status=Status.PENDING, then="expires_at")),
    # Null while the third party may not read the name (T6).
    "customer": F("name_key"),
    "report": F("report_stage"),
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
    "report": _("Report state, earliest stage first"),
    "-report": _("Report state, latest stage first"),
}
# Each column's head and the order that its link asks for.
COLUMNS: list[tuple[Promise | str, str]] = [
    (_("Agreement"), "-initiated"),
    (_("Status"), "status"),
    (_("Invitation expires"), "expires"),
    (_("Customer"), "customer"),
    ("ESIID", ""),
    (_("Report"), ""),
    (_("Report state"), "report"),
]


@dataclass(frozen=True)
class ListOptions:
    """The filters and the order of a list; an empty filter means all."""

    status: str = ""
    report: str = ""  # a key of REPORT_STAGES
    sort: str = "-initiated"

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ListOptions:
        """Read the options from a URL's query; ignore unknown values."""
        known = {"status": Status.values, "report": REPORT_STAGES, "sort": SORTS}
        return cls(**{name: query[name] for name, values in known.items() if query.get(name) in values})

    def apply(self, agreements: AgreementQuerySet) -> AgreementQuerySet:
        """Filter and order `agreements`, which have `report_stage`."""
        if self.status:
            agreements = agreements.filter(status=self.status)
        if self.report:
            agreements = agreements.filter(REPORT_STAGES[self.report].condition)
        name, is_descending = self.sort.lstrip("-"), self.sort.startswith("-")
        if name == "initiated":
            return agreements.order_by(f"{self.sort}_at", "-number" if is_descending else "number")
        # Nulls sort last in both directions. In ascending order that is the default, which the index serves.
        key = OrderBy(SORT_KEYS[name], descending=is_descending, nulls_last=True if is_descending else None)
        return agreements.order_by(key, *NEWEST_FIRST)

    def column_heads(self) -> Iterator[tuple[Promise | str, str, str]]:
        """Yield each column's head, the order its link asks for (a second click reverses it), and its aria-sort."""
        reverse, direction = (self.sort[1:], "descending") if self.sort[0] == "-" else (f"-{self.sort}", "ascending")
        for label, sort in COLUMNS:
            yield (label, reverse, direction) if sort in (self.sort, reverse) else (label, sort, "")


def list_context(agreements: AgreementQuerySet, query: QueryDict, search: Search | None) -> dict[str, Any]:
    """Return what the page shows of the company's `agreements`, or of those that match `search`."""
    options = ListOptions.from_query(query)
    if search:
        agreements = agreements.filter(search.condition())
    counts = count_agreements(agreements, options, search)
    is_long = search is None and counts["all"] > PAGE_SIZE
    lists = not is_long or bool(LIST_PARAMETERS & query.keys())
    context = {
        "form": SearchForm(initial={"by": search.by, "items": search.text} if search else None),
        "search": search,
        "searches": search is not None or not lists,
        "is_long": is_long,
        "counts": counts,
    }
    if not lists or not counts["all"]:
        return context
    paginator = Paginator(options.apply(with_report_stage(agreements.with_overdue())), PAGE_SIZE)
    paginator.count = counts["filtered"]  # counted already: one query less
    page = paginator.get_page(query.get("page"))
    stages = list(REPORT_STAGES.values())
    return context | {
        "lists": True,
        "options": options,
        "columns": options.column_heads(),
        "page": page,
        "rows": [
            (agreement, customer_for_third_party(agreement), stages[agreement.report_stage])  # type: ignore[attr-defined]
            for agreement in page
        ],
        "report_stages": stages,
        "sorts": SORTS.items(),
    }


def count_agreements(agreements: AgreementQuerySet, options: ListOptions, search: Search | None) -> dict[str, Any]:
    """Count `agreements`, already narrowed to `search`, in one query.

    Return `statuses` (value, label and count of each), `all`, `filtered` (how many have the status and the report's
    stage of `options`) and `missing_items` (those of the search without any agreement).
    """
    conditions = search.conditions() if search else {}
    matches = {f"item_{place}": Count("pk", filter=condition) for place, condition in enumerate(conditions.values())}
    filtered = Count("pk", filter=REPORT_STAGES[options.report].condition) if options.report else Count("pk")
    grouped = agreements.order_by().values("status").annotate(count=Count("pk"), filtered=filtered, **matches)
    rows = cast("list[dict[str, Any]]", list(grouped))
    by_status = {row["status"]: row["count"] for row in rows}
    return {
        "statuses": [(value, label, by_status.get(value, 0)) for value, label in Status.choices],
        "all": sum(by_status.values()),
        "filtered": sum(row["filtered"] for row in rows if options.status in ("", row["status"])),
        "missing_items": [
            item for place, item in enumerate(conditions) if not any(row[f"item_{place}"] for row in rows)
        ],
    }


def with_report_stage(agreements: AgreementQuerySet) -> AgreementQuerySet:
    """Annotate each agreement with `report_stage`, the place of its stage in REPORT_STAGES."""
    whens = [When(stage.condition, then=Value(place)) for place, stage in enumerate(REPORT_STAGES.values())]
    return agreements.annotate(report_stage=Case(*whens, output_field=IntegerField()))
