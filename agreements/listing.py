"""The third party's list of agreements: what one may narrow it to and sort it by, and what a row says (T3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Case, Count, F, IntegerField, Q, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.fields import CharField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.masking import customer_for_third_party
from agreements.models import Agreement, AgreementQuerySet, Review
from agreements.search import Item, Search
from agreements.states import FINAL, Status
from meters.identifiers import mask_esiid


@dataclass(frozen=True)
class ReportState:
    """What a report is at, for the third party; each agreement is in exactly one of them."""

    value: str
    label: Promise
    condition: Q
    is_tagged: bool = True


_EARNED = Q(status=Status.COMPLETE, review__in=[Review.NONE, Review.RELEASED])
REPORT_STATES = {
    state.value: state
    for state in (
        ReportState("waiting", _("After acceptance"), Q(status=Status.PENDING), is_tagged=False),
        ReportState("held", _("Held for review"), Q(review=Review.HELD)),
        ReportState(
            "making",
            _("Being made"),
            _EARNED & (Q(report=None) | Q(report__state="failed", report__retry_at__isnull=False)),
        ),
        ReportState("ready", _("Ready"), _EARNED & Q(report__state="ready")),
        ReportState("no_data", _("No data"), _EARNED & Q(report__state="no_data")),
        ReportState("failed", _("Failed"), _EARNED & Q(report__state="failed", report__retry_at=None)),
        ReportState("purged", _("File removed"), _EARNED & Q(report__state="purged")),
        ReportState("refused", _("Refused after review"), Q(review=Review.REFUSED)),
        ReportState("none", _("None"), Q(status__in=FINAL - {Status.COMPLETE}), is_tagged=False),
    )
}

NEWEST_FIRST = ("-initiated_at", "-number")
OLDEST_FIRST = ("initiated_at", "number")
# Only an invitation that is open expires; the others come after it.
_EXPIRES = Case(When(status=Status.PENDING, then="expires_at"))
_REPORT_RANK = Case(
    *(When(state.condition, then=Value(rank)) for rank, state in enumerate(REPORT_STATES.values())),
    output_field=IntegerField(),
)
# Sorting by the customer sorts by what the third party may read: masked names come last, as they were initiated (T6).
_SORTED_BY: dict[str, Any] = {
    "status": F("status"),
    "expires": _EXPIRES,
    "customer": F("name_key"),
    "report": _REPORT_RANK,
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
class Wanted:
    """What of a list is wanted and in which order; empty means all."""

    status: str = ""
    report: str = ""
    sort: str = "-initiated"

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Wanted:
        """From an address's query string; what is not known is left out."""
        status, report, sort = (asked.get(name, "") for name in ("status", "report", "sort"))
        return cls(
            status if status in Status.values else "",
            report if report in REPORT_STATES else "",
            sort if sort in SORTS else cls.sort,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.status or self.report)

    def narrowed(self, agreements: AgreementQuerySet) -> AgreementQuerySet:
        if self.status:
            agreements = agreements.filter(status=self.status)
        return agreements.filter(REPORT_STATES[self.report].condition) if self.report else agreements

    def ordered(self, agreements: AgreementQuerySet) -> AgreementQuerySet:
        name, descending = self.sort.lstrip("-"), self.sort.startswith("-")
        if name == "initiated":
            return agreements.order_by(*(NEWEST_FIRST if descending else OLDEST_FIRST))
        # Who has nothing to sort by comes last either way; ascending order and its index have it so by themselves.
        by = OrderBy(_SORTED_BY[name], descending=descending, nulls_last=True if descending else None)
        return agreements.order_by(by, *NEWEST_FIRST)


@dataclass(frozen=True)
class Column:
    """A column's head: `sort` is what its link asks for, `direction` the value of aria-sort; both may be empty."""

    label: Promise | str
    sort: str = ""
    direction: str = ""


def columns(wanted: Wanted) -> list[Column]:
    """The heads of the table's columns. A second click on a head turns the order around."""
    heads: list[tuple[Promise | str, str]] = [
        (_("Agreement"), "-initiated"),
        (_("Status"), "status"),
        (_("Invitation expires"), "expires"),
        (_("Customer"), "customer"),
        ("ESIID", ""),
        (_("Report"), ""),
        (_("Report state"), "report"),
    ]
    return [_column(label, first, wanted.sort) for label, first in heads]


def _column(label: Promise | str, first: str, sort: str) -> Column:
    if not first or first.lstrip("-") != sort.lstrip("-"):
        return Column(label, first)
    other_way = sort[1:] if sort.startswith("-") else f"-{sort}"
    return Column(label, other_way, "descending" if sort.startswith("-") else "ascending")


@dataclass(frozen=True)
class Tally:
    """How many agreements there are: of each status, altogether, as narrowed; and the items that match none."""

    by_status: dict[str, int]
    shown: int
    missing: tuple[Item, ...] = ()

    @property
    def all(self) -> int:
        return sum(self.by_status.values())


def tally(agreements: AgreementQuerySet, wanted: Wanted, search: Search | None = None) -> Tally:
    """Count `agreements`, which are all or those of `search`, in one query."""
    conditions = search.conditions() if search else {}
    matches = {f"item_{place}": Count("pk", filter=condition) for place, condition in enumerate(conditions.values())}
    narrowed = Count("pk", filter=REPORT_STATES[wanted.report].condition) if wanted.report else Count("pk")
    grouped = agreements.order_by().values("status").annotate(count=Count("pk"), narrowed=narrowed, **matches)
    rows = cast("list[dict[str, Any]]", list(grouped))
    return Tally(
        {row["status"]: row["count"] for row in rows},
        sum(row["narrowed"] for row in rows if wanted.status in ("", row["status"])),
        tuple(item for item, place in zip(conditions, matches, strict=True) if not any(row[place] for row in rows)),
    )


def status_choices(tally: Tally) -> list[tuple[str, Promise, int]]:
    """Each status, its words, and how many agreements have it."""
    return [(value, label, tally.by_status.get(value, 0)) for value, label in Status.choices]


def found(agreements: AgreementQuerySet, search: Search | None) -> AgreementQuerySet:
    return agreements.filter(search.condition()) if search else agreements


@dataclass(frozen=True)
class ListRow:
    """One agreement in the list; `person` is the name beside a business customer's."""

    agreement: Agreement
    customer: str
    person: str
    esiid: str
    report: ReportState


def with_report_state(agreements: AgreementQuerySet) -> AgreementQuerySet:
    """Each with `report_state`, a key of REPORT_STATES."""
    whens = [When(state.condition, then=Value(state.value)) for state in REPORT_STATES.values()]
    return agreements.annotate(report_state=Case(*whens, output_field=CharField()))


def list_rows(agreements: Iterable[Agreement]) -> list[ListRow]:
    """Agreements of `with_report_state()` as the list shows them: masked where it must be (T3, T6)."""
    return [_row(agreement) for agreement in agreements]


def _row(agreement: Agreement) -> ListRow:
    customer = customer_for_third_party(agreement)
    return ListRow(
        agreement,
        customer.company_name or customer.name,
        customer.name if customer.company_name else "",
        mask_esiid(agreement.esiid),
        REPORT_STATES[getattr(agreement, "report_state")],  # noqa: B009 - an annotation, unknown to the types
    )
