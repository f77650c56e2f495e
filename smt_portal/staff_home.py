"""The home page of staff: a queue with one action for each row (D8). What it shows of customers is logged (D3)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from agreements.email_admin import describe_kind
from agreements.models import Agreement, ConsentReview
from companies.models import Company, CompanyStanding
from customers.models import EsiidClaim
from lib.scoped_admin import AccessAction, ViewedRecords
from meters.models import Upload
from notifications.models import Email
from reports.models import Report

ROWS = 5  # of each list; the heading has the number of all and the link to them
COUNTED = 1000  # a longer queue is "1,000 or more"


def staff_home(request: HttpRequest, user: User) -> HttpResponse:
    queues = _queues(user)
    counts = _count_rows(user, **queues)
    rows: dict[str, list[Any]] = {name: list(queue[:ROWS]) for name, queue in queues.items() if counts[name]}
    for email in rows.get("emails", []):
        email.described_kind = describe_kind(email.kind)
    loads = Upload.objects.select_related("by", "tdsp")
    context = {
        "counts": counts,
        "counted": COUNTED,
        **rows,
        "loads": list((loads if user.is_operator else loads.filter(tdsp=user.tdsp_id))[:ROWS]),
        "emails_are_rejected": user.is_operator and Email.objects.rejecting_us().exists(),
    }
    request.viewed_records = [  # type: ignore[attr-defined]  # of the access log's middleware
        ViewedRecords(AccessAction.LIST, queues[name].model._meta.label_lower, rows=len(listed))
        for name, listed in rows.items()
        if name not in ("companies", "paused")
    ]
    return render(request, "home/staff.html", context)


def _queues(user: User) -> dict[str, QuerySet[Any]]:
    """Return what waits for the user, the most urgent first; a TDSP's staff see only its own (D1)."""
    reviewed = Agreement.objects.visible_to(user).order_by("number").prefetch_related("signals")
    reviews = ConsentReview.objects.visible_to(user).held().select_related("submission__company", "tdsp")
    claims = EsiidClaim.objects.awaiting_decision().select_related("premise", "customer__user").order_by("since", "pk")
    emails = Email.objects.failed().order_by("-queued_at", "-pk")
    failed = Report.objects.filter(agreement__in=Agreement.objects.visible_to(user).report_failed())
    if not user.is_operator:
        claims, emails = claims.filter(premise__tdsp=user.tdsp_id), emails.filter(tdsp_id=user.tdsp_id)
    queues = {
        "reviews": reviews.prefetch_related(Prefetch("agreements", reviewed)).order_by("opened_at", "pk"),
        "claims": claims,
        "emails": emails.only("kind", "to_address", "last_error", "about", "queued_at"),
        "reports": failed.select_related("agreement").order_by("-pk"),
    }
    pending = Company.objects.filter(standing=CompanyStanding.PENDING).order_by("registered_at")
    paused = Company.objects.filter(requests_paused_at__isnull=False).order_by("requests_paused_at")
    return queues | ({"companies": pending, "paused": paused} if user.is_operator else {})


def _count_rows(user: User, **querysets: QuerySet[Any]) -> dict[str, int]:
    """Count the rows of each queryset up to COUNTED, all in one query."""
    counts = {}
    for name, rows in querysets.items():
        keys = rows.model._base_manager.filter(pk__in=rows.order_by().values("pk")[:COUNTED])
        counts[name] = Coalesce(Subquery(keys.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n")), 0)
    row: dict[str, int] = User.objects.filter(pk=user.pk).values(**counts).get()  # type: ignore[assignment]
    return row
