"""The third party's home: what there is to do, and how far the requests of the last 90 days have come (T16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Func, IntegerField, Q, Sum
from django.db.models.functions import Now, TruncDay
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.counts import RECENT_DAYS, CompanyCounts, count_agreements
from agreements.models import Agreement, AgreementQuerySet, AgreementStage
from agreements.models.stage import REPORT_STAGES
from agreements.search import FoundAgreement
from lib.central_time import CENTRAL
from lib.keyset import QueriedPart, read_rows
from notifications.models import Email, EmailState
from reports.third_party.agreement_list import ListRow, list_rows
from reports.third_party.attention import agreements_that_need_attention
from reports.third_party.list_options import EXPIRING, NOT_DOWNLOADED, ListOptions, Tab

ROWS_OF_EACH = 4


@dataclass(frozen=True)
class ToDo:
    """A few of the agreements in a tab, and how many there are."""

    kind: str
    title: Promise
    count: int
    rows: list[ListRow]

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass(frozen=True)
class FunnelStep:
    """How many of the requests came so far, and the ends of its bar and of the next one, in hundredths of the width."""

    label: Promise
    count: int
    percent: int
    left: str
    right: str
    width: str
    next_left: str = ""
    next_right: str = ""


def dashboard_context(user: User, company_id: int) -> dict[str, Any]:
    """Return the tiles, the rows and the funnel of the company, as far as the user may see its agreements."""
    agreements = Agreement.objects.visible_to(user).filter(company=company_id)
    counts = count_agreements(company_id)
    attention = agreements_that_need_attention(agreements, company_id)
    expiring = ListOptions(EXPIRING, "expires").querysets(agreements)[0]
    to_do = [
        _attention(attention, agreements, user),
        _to_do(EXPIRING, "expires", expiring.count(), agreements, user),
        _to_do(NOT_DOWNLOADED, "initiated", counts.not_downloaded, agreements, user),
    ]
    return {
        "counts": counts,
        "attention": to_do[0],
        "expiring": to_do[1],
        "ready": to_do[2],
        "to_do": [part for part in to_do if part.count],
        "recent_days": RECENT_DAYS,
        "funnel": funnel(counts, count_undelivered(company_id)),
    }


def _to_do(tab: Tab, sort: str, count: int, agreements: AgreementQuerySet, user: User) -> ToDo:
    options = ListOptions(tab, sort)
    parts = [QueriedPart(queryset) for queryset in options.querysets(agreements.with_overdue())]
    rows = read_rows(parts, options.order, None, ROWS_OF_EACH)
    return ToDo(tab.value, tab.label, count, list_rows(rows, user))


def _attention(found: list[FoundAgreement], agreements: AgreementQuerySet, user: User) -> ToDo:
    first = [one.pk for one in found[:ROWS_OF_EACH]]
    rows = agreements.with_overdue().filter(pk__in=first).order_by("-initiated_at", "-number") if first else []
    return ToDo("attention", _("Needs attention"), len(found), list_rows(list(rows), user))


def count_undelivered(company_id: int) -> int:
    """Count recent requests whose email is not, or not yet, with the customer's mail server."""
    since = TruncDay(Now() - timedelta(days=RECENT_DAYS - 1), tzinfo=CENTRAL)
    emails = Email.objects.requests().filter(~Q(state=EmailState.SENT), company_id=company_id, queued_at__gte=since)
    of_each = Func("about", function="cardinality", output_field=IntegerField())
    total: int = emails.filter(kind="EM201").aggregate(total=Sum(of_each, default=0))["total"]
    return total


def funnel(counts: CompanyCounts, undelivered: int) -> list[FunnelStep]:
    """Return the steps from sent to downloaded; no step is shown as wider than the one before."""
    sent = counts.recent.total()
    accepted = sum(counts.recent[stage] for stage in REPORT_STAGES)
    steps = [
        (_("Sent"), sent),
        (_("Delivered"), max(sent - undelivered, 0)),
        (_("Answered"), accepted + counts.recent[AgreementStage.REJECTED]),
        (_("Accepted"), accepted),
        (_("Downloaded"), counts.recent_downloaded),
    ]
    shares = [count / sent if sent else 0 for _label, count in steps]
    widths = [min(shares[: place + 1]) * 100 for place in range(len(steps))]
    ends = [(f"{50 - width / 2:.1f}", f"{50 + width / 2:.1f}", f"{width:.1f}") for width in widths]
    following = [(left, right) for left, right, _width in ends[1:]] + [("", "")]
    return [
        FunnelStep(label, count, round(share * 100), *end, *after)
        for (label, count), share, end, after in zip(steps, shares, ends, following, strict=True)
    ]
