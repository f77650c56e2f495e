"""The third party's pages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.corrections import correct_address
from agreements.models import BulkInvitation, BulkState, Review
from agreements.states import Status
from reports.actions import generate_due_reports
from tests.factories import AgreementFactory, CustomerFactory, MeterFactory, PremiseFactory, ReportFactory
from tests.pages.states.registry import at, sent, state
from tests.pages.world import World, pending
from tests.support.accepted_agreements import accepted_agreement
from tests.support.agreement_forms import PAGE_2, page_1, rows
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage

state("agreements", "member", "nothing found")(
    lambda client, world: client.get(reverse("agreements"), {"report": "failed"})
)
state("agreement_new", "member", "sent empty")(sent("agreement_new", **rows()))


state("bulk_new", "member", "sent empty")(sent("bulk_new"))


@state("bulk_invitation", "member", "sent empty")
def _bulk_sent_empty(client: Client, world: World) -> Any:
    return client.post(reverse("bulk_invitation", args=[world["bulk"]]), {"contact_email": "james"})


def _bulk_in_state(client: Client, world: World, **columns: Any) -> Any:
    BulkInvitation.objects.filter(pk=world["bulk"]).update(**columns)
    return client.get(reverse("bulk_invitation", args=[world["bulk"]]))


@state("bulk_invitation", "member", "stopped")
def _bulk_stopped(client: Client, world: World) -> Any:
    details = {"due_at": timezone.now(), "stop_reason": "Too many rows didn't match our records."}
    return _bulk_in_state(client, world, state=BulkState.STOPPED, **details)


@state("bulk_invitation", "member", "finished")
def _bulk_finished(client: Client, world: World) -> Any:
    return _bulk_in_state(client, world, state=BulkState.FINISHED, ended_at=timezone.now())


@state("agreements", "member", "search")
def _search(client: Client, world: World) -> Any:
    AgreementFactory.create_batch(26, company=world["member"].membership.company)
    return client.get(reverse("agreements"))


@state("agreements", "member", "found on two pages")
def _found(client: Client, world: World) -> Any:
    _search(client, world)
    return client.get(reverse("agreements"), {"by": "number", "q": "102*", "search": "number", "items": "102*"})


def _many(client: Client, world: World) -> None:
    """More than are listed at once, with wide names and numbers."""
    company = world["member"].membership.company
    wide = PremiseFactory(esiid="1008901000000000000102")
    AgreementFactory.create_batch(22, company=company, premise=wide, status=Status.WITHDRAWN)
    AgreementFactory(company=company, customer=CustomerFactory(), last_name="Akin")
    AgreementFactory(company=company, last_name="Wolfeschlegelsteinhausenbergerdorff", first_name="Maximiliana")
    AgreementFactory(company=company, status=Status.COMPLETE, review=Review.HELD)
    ReportFactory(agreement=AgreementFactory(company=company, status=Status.COMPLETE, last_name="Zapata"))
    business = {"customer_kind": "business", "customer_company_name": "Baytown Bakery and Cafe"}
    AgreementFactory(company=company, status=Status.COMPLETE, **business)


for _query in (
    "status=complete",
    "show=attention",
    "show=expiring",
    "status=withdrawn",
    "status=pending&sort=-expires",
    "status=rejected",
    "report=held&sort=customer",
    "by=esiid&items=10089*,1044372000900001712345&sort=-customer",
    "by=esiid&items=10089*,10443720009000017&sort=-customer",
    "by=name&items=Akin",
    "by=address&items=boxwood",
    "by=number&items=%2C",
    "by=esiid&items=" + "9" * 200,
):

    @state("agreements", "member", f"of many, ?{_query[:60]}")
    def _of_many(client: Client, world: World, query: str = _query) -> Any:
        _many(client, world)
        return client.get(f"{reverse('agreements')}?{query}")


@state("agreement_new", "member", "no match")
def _third_party_no_match(client: Client, world: World) -> Any:
    meter = MeterFactory()
    meter.number = "999"
    return client.post(reverse("agreement_new"), page_1(meter))


@state("agreement_review", "member", "not attested")
def _not_attested(client: Client, world: World) -> Any:
    return client.post(reverse("agreement_review", args=[world["draft"]]), PAGE_2 | {"attested": ""})


@state("agreement_correct", "member", "no match")
def _corrected_no_match(client: Client, world: World) -> Any:
    return client.post(reverse("agreement_correct", args=[world["number"]]), {"email": "nobody@example.org"})


@state("agreement", "member", "corrected")
def _corrected(client: Client, world: World) -> Any:
    agreement = pending(world)
    correct_address(agreement, "rosa.delgado@example.org", by=world["member"])
    return client.get(reverse("agreement", args=[agreement.number]))


state("agreement_correct", "member", "sent empty")(sent("agreement_correct", "number"))
state("agreement_review", "member", "sent empty")(sent("agreement_review", "draft"))
state("agreement", "member", "accepted")(at("agreement", "accepted"))


@state("agreement_submitted", "member", "just now")
def _submitted(client: Client, world: World) -> Any:
    review = client.post(reverse("agreement_new"), page_1(MeterFactory()))["Location"]
    return client.post(review, PAGE_2, follow=True)


@state("agreement", "member", "report with gaps")
def _gaps(client: Client, world: World) -> Any:
    agreement = accepted_agreement(company=world["member"].membership.company, premise=PremiseFactory())
    days = every_day(date(2026, 5, 1), date(2026, 6, 20), CONSUMPTION, SURPLUS)
    part = usage(date(2026, 6, 21), SURPLUS, wh=[None] * 8 + [40] * 88)
    guessed = usage(date(2026, 6, 21), estimated=range(40))
    store(agreement.premise, *(one for one in days if one.day.day not in (11, 12)), part, guessed)
    generate_due_reports()
    return client.get(reverse("agreement", args=[agreement.number]))


for _state in ("overdue", "report ready", "report no_data", "report failed", "report purged", "review held",
               "review refused"):  # fmt: skip

    @state("agreement", "member", _state)
    def _detail(client: Client, world: World, which: str = _state) -> Any:
        return client.get(reverse("agreement", args=[world["states"][which]]))


@state("report_download", "member", "not there")
def _not_there(client: Client, world: World) -> Any:
    return client.get(reverse("report_download", args=[world["number"]]))
