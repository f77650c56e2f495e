"""The world of tests/test_access.py, filled: agreements of every status and report, notices, emails, sessions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, Review
from agreements.request import Person
from agreements.states import NOT_BEGUN, Channel, ReportState, Status
from lib import link_tokens
from meters.models import Meter
from notifications.models import EmailState
from tests.factories import (
    AgreementFactory,
    DownloadFactory,
    EmailFactory,
    EsiidClaimFactory,
    MeterFactory,
    NoticeFactory,
    ReportFactory,
)
from tests.support.agreements import initiate
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage

World = dict[str, Any]
# Long, so that a page that only fits short names is found out.
COMPANY = "The Very Long Named Renewable Energy Services Company of the Lower Rio Grande Valley, LLC"
ENDED = [Status.REJECTED, Status.NOT_ACCEPTED, Status.WITHDRAWN]


def fill(world: World) -> World:
    """`world` with what each page can show. Adds `member`, `customer`, `accepted` and `states` (numbers)."""
    member, customer = world["users"]["member"].membership, world["users"]["customer"].customer
    member.company.legal_name = COMPANY
    member.company.privacy_policy_url = "https://green-energy.example/" + "privacy-policy-of-the-company/" * 3
    member.company.save()
    premise = customer.claims.get().premise
    meter = Meter.objects.get(premise=premise)
    asked = {"company": member.company, "submission__initiated_by": member.user, "premise": premise}
    asked |= {"customer": customer, "meter_number": meter.number, "first_name": "Chika", "last_name": "Akin"}
    for status in ENDED:
        AgreementFactory(status=status, **asked)
    long_ago = timezone.now() - timedelta(days=30, seconds=1)
    overdue = AgreementFactory(initiated_at=long_ago, report_length="1d", **asked)
    states = {"overdue": overdue.number}
    for state in (state for state in ReportState if state not in NOT_BEGUN):
        agreement = AgreementFactory(status=Status.COMPLETE, **asked)
        report = ReportFactory(agreement=agreement, state=state)
        states[f"report {state}"] = agreement.number
        if state == ReportState.READY:
            DownloadFactory(report=report, by=member.user)
    for review in (Review.HELD, Review.REFUSED, Review.UNREVIEWED):
        agreement = AgreementFactory(status=Status.COMPLETE, review=review, **asked)
        states[f"review {review}"] = agreement.number
    EmailFactory(
        about=[world["number"]],
        state=EmailState.FAILED,
        failure="refused",
        failed_at=timezone.now(),
        last_error="550 no mailbox",
    )
    NoticeFactory(tdsp=premise.tdsp, title_es="Mantenimiento", text_es="El domingo.\n\nDe dos a cuatro.")
    NoticeFactory(title_es="Horario", text_es="Abrimos a las ocho.")
    known = every_day(date(2026, 10, 5), date(2026, 11, 3), CONSUMPTION, SURPLUS)
    guessed = usage(date(2026, 10, 4), estimated=range(40), wh=[None] * 8 + [250] * 88)
    store(premise, guessed, *(one for one in known if one.day.day not in (20, 21)))
    world |= {"member": member.user, "customer": customer.user, "states": states}
    return world | {"accepted": accepted(world).number}


def accepted(world: World, *, registered: bool = True) -> Agreement:
    """An agreement that was asked for and accepted by the actions, with its letter."""
    agreement = pending(world, registered=registered)
    return actions.accept(agreement, channel=Channel.INVITATION)


def pending(world: World, *, registered: bool = False, **changes: Any) -> Agreement:
    """An agreement that waits for the customer; `changes` are of its fields."""
    if registered:
        person, claim = Person(email=world["customer"].email), EsiidClaimFactory(customer=world["customer"].customer)
        (agreement,) = initiate(world["member"], MeterFactory(premise=claim.premise), registered=True, person=person)
    else:
        (agreement,) = initiate(world["member"], MeterFactory())
    Agreement.objects.filter(pk=agreement.pk).update(**changes or {"comments": "Llámenos si tiene preguntas."})
    agreement.refresh_from_db()
    return agreement


def token(agreement: Agreement) -> str:
    return link_tokens.derive_token(bytes(agreement.submission.link_nonce))
