"""The third party's list of agreements and the result of a search: tabs with counts, rows, pages (T1, T3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from agreements.counts import CompanyCounts, count_agreements
from agreements.forms.search import SearchForm
from agreements.masking import VisibleCustomer, customer_for_third_party
from agreements.models import Agreement, AgreementQuerySet, AgreementStage, stage_of
from agreements.permissions import why_not
from agreements.reminders import not_to_resend
from agreements.search import MOST_FOUND, FoundAgreement, Search, SearchResult, found_agreements
from agreements.states import Status
from lib.keyset import KeysetPage, ListedPart, Part, QueriedPart, read_page
from reports.third_party.attention import agreements_that_need_attention
from reports.third_party.list_options import (
    ATTENTION,
    EXPIRING,
    NOT_ACCEPTED,
    NOT_DOWNLOADED,
    OVERDUE,
    REPORT_TABS,
    STATUS_TABS,
    TO_DO_TABS,
    ListOptions,
    Tab,
)  # fmt: skip
from reports.third_party.wording import describe_days_until, format_day

PAGE_SIZE = 25


@dataclass(frozen=True)
class ListRow:
    """An agreement in the list, and what `user` can do about it at once: `download`, `remind` or `view`."""

    agreement: Agreement
    customer: VisibleCustomer
    action: str
    now: datetime

    @property
    def stage(self) -> AgreementStage:
        return stage_of(self.agreement)

    @property
    def status(self) -> Status:
        """By the clock: an overdue request is Not Accepted, whether or not the sweep has recorded it (L2)."""
        return Status.NOT_ACCEPTED if self.agreement.is_overdue else Status(self.agreement.status)

    @property
    def in_days(self) -> str:
        """Return when a pending request expires: today, tomorrow, in 5 days."""
        return describe_days_until(self.agreement.expires_at, self.now)

    @property
    def dates(self) -> str:
        """Return when the agreement got its status, and when a pending one expires."""
        agreement = self.agreement
        if self.status == Status.PENDING:
            message = _("Created %(created)s. Expires %(expires)s, %(in_days)s")
            return message % {
                "created": format_day(agreement.initiated_at),
                "expires": format_day(agreement.expires_at),
                "in_days": self.in_days,
            }
        words = {
            Status.COMPLETE: _("Accepted %s"),
            Status.REJECTED: _("Rejected %s"),
            Status.WITHDRAWN: _("Withdrawn %s"),
            Status.NOT_ACCEPTED: _("Expired %s"),
        }
        is_expired = self.status == Status.NOT_ACCEPTED
        return words[self.status] % format_day((not is_expired and agreement.ended_at) or agreement.expires_at)


@dataclass(frozen=True)
class TabLink:
    label: Promise
    count: int
    url: str
    is_current: bool


class AgreementList:
    """The agreements that the options of a URL's query ask for, all of a company's or those that a search found."""

    def __init__(
        self, agreements: AgreementQuerySet, company_id: int, query: Mapping[str, str], search: Search | None = None
    ) -> None:
        self.agreements, self.company_id, self.query, self.search = agreements, company_id, query, search
        self.options = ListOptions.from_query(query)
        self.result: SearchResult | None = search.run(agreements, company_id) if search else None
        self.listed: list[FoundAgreement] | None = self.result.agreements if self.result else None
        self.counts: CompanyCounts | None = None if self.result else count_agreements(company_id)
        if self.options.tab is ATTENTION and not search:
            self.listed = agreements_that_need_attention(agreements, company_id)

    @property
    def parts(self) -> list[Part]:
        """The rows in the chosen tab: of FoundAgreement those that were listed, of Agreement the others."""
        if self.listed is not None:
            return [ListedPart(filter(self.options.tab.contains, self.listed))]
        agreements = self.agreements.with_overdue()
        parts: list[Part] = [QueriedPart(queryset) for queryset in self.options.querysets(agreements)]
        if self.options.tab is NOT_ACCEPTED and self.counts and self.counts.overdue:
            # Normally few. The planner takes them for many: it knows of no relation of stage and expiry.
            overdue = agreements.filter(OVERDUE)
            is_short = self.counts.overdue <= MOST_FOUND
            soonest = overdue.order_by("expires_at", "number")
            parts.append(ListedPart(found_agreements(soonest, MOST_FOUND)) if is_short else QueriedPart(overdue))
        return parts

    def count(self, tab: Tab) -> int:
        if self.listed is not None and (self.search or tab is ATTENTION):
            return sum(map(tab.contains, self.listed))
        assert self.counts  # only a search has none
        if tab is EXPIRING:
            return sum(queryset.count() for queryset in ListOptions(tab, "expires").querysets(self.agreements))
        numbers = {
            "": self.counts.total,
            Status.PENDING: self.counts.pending,
            Status.COMPLETE: self.counts.complete,
            Status.NOT_ACCEPTED: self.counts.not_accepted,
            NOT_DOWNLOADED.value: self.counts.not_downloaded,
        }
        return numbers[tab.value] if tab.value in numbers else self.counts.stages[AgreementStage(tab.value)]

    def read_page(self) -> KeysetPage:
        """Return the page of Agreement rows after or before the agreement whose number the query has."""
        beyond = {}
        for name in ("after", "before"):
            if number := self.query.get(name):
                beyond[name] = self._row(number)
                break
        page = read_page(self.parts, self.options.order, PAGE_SIZE, **beyond)
        return KeysetPage(self.load(page.rows), page.has_previous, page.has_next)

    def _row(self, number: str) -> Any:
        """Return the row with this number; None, and so the first page, if there is none (any more)."""
        if self.listed is not None:
            return next((found for found in self.listed if found.number == number), None)
        return self.agreements.filter(number=number).first() if number.isdecimal() else None

    def load(self, rows: list[Any]) -> list[Agreement]:
        """Return the agreements of rows, some of which were listed."""
        found = [row.pk for row in rows if isinstance(row, FoundAgreement)]
        by_pk = self.agreements.with_overdue().in_bulk(found) if found else {}
        agreements = (by_pk.get(row.pk) if isinstance(row, FoundAgreement) else row for row in rows)
        return [agreement for agreement in agreements if agreement is not None]

    def url(self, tab: Tab, **more: str) -> str:
        """Return the link to `tab` of this list, with its search."""
        parameters = {tab.name: tab.value} if tab.value else {}
        parts = [self.search.query_string if self.search else "", urlencode(parameters | more)]
        return "?" + "&".join(filter(None, parts))

    def tab_link(self, tab: Tab) -> TabLink:
        return TabLink(tab.label, self.count(tab), self.url(tab), tab is self.options.tab)

    def context(self, user: User) -> dict[str, Any]:
        """Return what the page shows."""
        options, tab = self.options, self.options.tab
        page = self.read_page()
        sort = {} if options.sort == tab.orders[0] else {"sort": options.sort}
        tab_links = [self.tab_link(one) for one in STATUS_TABS]
        report_links = [link for one in REPORT_TABS if (link := self.tab_link(one)).count or link.is_current]
        last, first = (page.rows[-1], page.rows[0]) if page.rows else (None, None)
        total = tab_links[0].count
        return {
            "form": SearchForm(initial={"by": self.search.by, "items": self.search.text} if self.search else None),
            "search": self.search,
            "result": self.result,
            "most_found": MOST_FOUND,
            "searches": self.search is not None or total > PAGE_SIZE,
            "total": total,
            "shown_count": self.count(tab),
            "tab": tab,
            "is_to_do": tab in TO_DO_TABS,
            "is_reports": tab in REPORT_TABS or tab.value == Status.COMPLETE,
            "tabs": tab_links,
            "report_tabs": report_links,
            "options": options,
            "columns": [
                (label, self.url(tab, sort=wanted) if wanted else "", direction)
                for label, wanted, direction in options.column_heads()
            ],
            "rows": list_rows(page.rows, user),
            "previous_url": self.url(tab, **sort, before=first.number) if first and page.has_previous else "",
            "next_url": self.url(tab, **sort, after=last.number) if last and page.has_next else "",
            "first_url": self.url(tab, **sort),
            "not_downloaded": self.counts.not_downloaded if self.counts else 0,
        }


def list_rows(agreements: list[Agreement], user: User) -> list[ListRow]:
    """Return rows of `agreements`, which have `is_overdue`."""
    may_download, may_remind = (not why_not(user, one) for one in ("may_download", "may_resend_or_withdraw"))
    now, rows = timezone.now(), []
    waiting = [each for each in agreements if each.stage == AgreementStage.WAITING and not each.is_overdue]
    ended = not_to_resend(waiting, at=now) if waiting and may_remind else set()
    for agreement in agreements:
        action = "view"
        if agreement.stage == AgreementStage.READY and may_download:
            action = "download"
        elif agreement in waiting and may_remind and agreement.pk not in ended:
            action = "remind"
        rows.append(ListRow(agreement, customer_for_third_party(agreement), action, now))
    return rows
