"""The tabs and orders of the third party's list, each of them read by an index (T3, O9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agreements.models import AgreementQuerySet, AgreementStage
from agreements.models.stage import REPORT_STAGES
from agreements.search import FoundAgreement
from agreements.states import Status
from lib.keyset import Order, Span

EXPIRES_SOON = timedelta(days=7)

_BY_TIME, _BY_NAME, _BY_EXPIRY = (
    ("initiated_at", "number"),
    ("name_key", "initiated_at", "number"),
    (
        "expires_at",
        "number",
    ),
)
UNNAMED = Span(_BY_NAME, is_descending=True, null_field="name_key", is_null=True)
ORDERS: dict[str, tuple[Promise, Order]] = {
    "-initiated": (_("Newest first"), (Span(_BY_TIME, is_descending=True),)),
    "initiated": (_("Oldest first"), (Span(_BY_TIME),)),
    # Customers whose names are masked (T6) come last in both directions, newest first.
    "customer": (
        _("Last name, A to Z"),
        (Span(_BY_NAME, null_field="name_key"), UNNAMED),
    ),
    "-customer": (
        _("Last name, Z to A"),
        (Span(_BY_NAME, is_descending=True, null_field="name_key"), UNNAMED),
    ),
    "expires": (_("Expires soonest"), (Span(_BY_EXPIRY),)),
    "-expires": (_("Expires latest"), (Span(_BY_EXPIRY, is_descending=True),)),
}
ORDERS_OF_ALL, ORDERS_BY_EXPIRY = ("-initiated", "initiated", "customer", "-customer"), ("expires", "-expires")


@dataclass(frozen=True)
class Tab:
    """A part of the list: `conditions` without an agreement in common, each of which has an index."""

    name: str  # the parameter of the URL
    value: str
    label: Promise
    conditions: tuple[Q, ...]
    contains: Callable[[FoundAgreement], bool]
    orders: tuple[str, ...] = ORDERS_OF_ALL
    conditions_by_expiry: tuple[Q, ...] = ()  # in place of `conditions`, for the orders by expiry


def _stage_tab(name: str, stage: AgreementStage, label: Promise | str) -> Tab:
    return Tab(name, stage.value, label, (Q(stage=stage),), lambda found: found.stage == stage)  # type: ignore[arg-type]


# By the clock, not by the sweep that records it: a request that is overdue is not pending any more (L2).
# Read by the index that has the order of `expires_at`: the status is in the stage, but names that index.
_PENDING = Q(stage=AgreementStage.WAITING, status=Status.PENDING)
_OPEN, OVERDUE = _PENDING & Q(expires_at__gte=Now()), _PENDING & Q(expires_at__lt=Now())
# Read in another order. A comparison with `expires_at` would mislead the planner: it knows of no relation to the stage.
_OPEN_IN_OTHER_ORDER = Q(stage=AgreementStage.WAITING, is_overdue=False)

ALL = Tab("status", "", _("All"), (Q(),), lambda found: True)
# The overdue ones are read apart, see agreement_list.AgreementList.parts.
NOT_ACCEPTED = Tab(
    "status", Status.NOT_ACCEPTED, Status.NOT_ACCEPTED.label, (Q(stage=AgreementStage.NOT_ACCEPTED),),
    lambda found: found.stage == AgreementStage.NOT_ACCEPTED or found.is_overdue,
)  # fmt: skip
STATUS_TABS = (
    ALL,
    Tab(
        "status", Status.PENDING, Status.PENDING.label, (_OPEN_IN_OTHER_ORDER,),
        lambda found: found.stage == AgreementStage.WAITING and not found.is_overdue,
        (*ORDERS_OF_ALL, *ORDERS_BY_EXPIRY), (_OPEN,),
    ),
    Tab(
        "status", Status.COMPLETE, Status.COMPLETE.label, (Q(status=Status.COMPLETE),),
        lambda found: found.stage in REPORT_STAGES,
    ),
    _stage_tab("status", AgreementStage.REJECTED, Status.REJECTED.label),
    NOT_ACCEPTED,
    _stage_tab("status", AgreementStage.WITHDRAWN, Status.WITHDRAWN.label),
)  # fmt: skip
# Parts of the complete ones.
REPORT_TABS = tuple(_stage_tab("report", stage, stage.label) for stage in REPORT_STAGES)
EXPIRING = Tab(
    "show", "expiring", _("Expiring within 7 days"),
    (_OPEN & Q(expires_at__lt=Now() + EXPIRES_SOON),),
    lambda found: False, ORDERS_BY_EXPIRY,
)  # fmt: skip
NOT_DOWNLOADED = Tab(
    "show", "not_downloaded", _("Reports to download"), (Q(stage=AgreementStage.READY, downloaded_at=None),),
    lambda found: False, ("-initiated", "initiated"),
)  # fmt: skip
ATTENTION = Tab(
    "show", "attention", _("Needs attention"), (), lambda found: True, ORDERS_OF_ALL
)  # its agreements are listed
TO_DO_TABS = (EXPIRING, NOT_DOWNLOADED, ATTENTION)
TABS = {(tab.name, tab.value): tab for tab in (*STATUS_TABS, *REPORT_TABS, *TO_DO_TABS)}

# Each column's head and the orders that its link asks for, the first one that the tab has.
COLUMNS: list[tuple[Promise, tuple[str, ...]]] = [
    (_("Customer"), ("customer",)),
    (_("Status"), ("expires",)),
    (_("Report"), ()),
    (_("Agreement"), ("-initiated",)),
]


@dataclass(frozen=True)
class ListOptions:
    """What of the list is shown, and in which order."""

    tab: Tab
    sort: str

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> ListOptions:
        """Read the options from a URL's query; ignore unknown values. The narrowest tab counts."""
        named = [(name, query[name]) for name in ("show", "report", "status") if query.get(name)]
        tab = next((TABS[key] for key in named if key in TABS), ALL)
        sort = query.get("sort", "")
        return cls(tab, sort if sort in tab.orders else tab.orders[0])

    @property
    def order(self) -> Order:
        return ORDERS[self.sort][1]

    @property
    def sorts(self) -> list[tuple[str, Promise]]:
        return [(sort, ORDERS[sort][0]) for sort in self.tab.orders]

    def querysets(self, agreements: AgreementQuerySet) -> list[AgreementQuerySet]:
        """Return those of `agreements`, which have `is_overdue`, that the tab contains."""
        by_expiry = self.sort in ORDERS_BY_EXPIRY and self.tab.conditions_by_expiry
        return [agreements.filter(condition) for condition in by_expiry or self.tab.conditions]

    def column_heads(self) -> Iterator[tuple[Promise, str, str]]:
        """Yield each column's head, the order its link asks for (a second click reverses it), and its aria-sort."""
        reverse, direction = (self.sort[1:], "descending") if self.sort[0] == "-" else (f"-{self.sort}", "ascending")
        for label, sorts in COLUMNS:
            if {self.sort, reverse} & set(sorts):
                yield label, reverse if reverse in self.tab.orders else "", direction
            else:
                yield label, next((sort for sort in sorts if sort in self.tab.orders), ""), ""
