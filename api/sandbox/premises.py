"""Premises and meters of test ESIIDs, made when a test key first names them (V16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from agreements import actions, creation
from agreements.locks import lock_company
from agreements.models import Agreement, Draft
from agreements.request import AgreementRequest, Contact, match_meters
from agreements.states import Channel
from agreements.yearly_limit import counted_agreements
from api.models import SandboxPremise
from api.sandbox.scenarios import REGISTERED_EMAIL, Scenario, meter_number_of, scenario_of
from companies.models import Company
from customers.models import ClaimDecision, Customer, CustomerKind, EsiidClaim
from lib.central_time import central_day, utc_or_now
from meters.models import Meter, Premise, Tdsp

UTILITY = {"name": "Sandbox Utility", "duns": "000000000"}
# Not people: they cannot sign in, and no one else can have these addresses.
CUSTOMER = {"username": "SANDBOX-CUSTOMER", "first_name": "Robin", "last_name": "Sandbox"}
REVIEWER = {"username": "SANDBOX-UTILITY", "first_name": "Sandbox", "last_name": "Utility"}
REVIEWER_EMAIL = "utility@sandbox.example"


@transaction.atomic
def prepare_meters(request: AgreementRequest, *, company: Company, by: User, contact: Contact) -> None:
    """Make what the test ESIIDs of a sandbox's request need: premises, and the agreements that are in its way.

    Does nothing for a company that is no sandbox, and leaves out what is no test ESIID.
    """
    scenarios = [(row, scenario_of(row.esiid)) for row in request.rows] if company.is_sandbox else []
    if not any(scenario for _row, scenario in scenarios):
        return
    lock_company(company.pk)
    at = utc_or_now()
    for row, scenario in scenarios:
        if scenario:
            _make_premise(row.esiid, scenario, at)
            alone = replace(request, rows=(replace(row, row=1),))
            if scenario.is_used_up:
                _use_up_limit(alone, company, by, contact, at)
            elif scenario.is_waiting:
                _let_one_wait(alone, company, by, contact, at)


def _make_premise(esiid: str, scenario: Scenario, at: datetime) -> None:
    today = central_day(at)
    utility, _is_new = Tdsp.every.get_or_create(is_sandbox=True, defaults=UTILITY)
    service_since = None if scenario.service_days is None else today - timedelta(days=scenario.service_days)
    premise, is_new = Premise.objects.get_or_create(
        esiid=esiid,
        defaults={
            "tdsp": utility,
            "address": f"{int(esiid[-8:]) % 9999 + 1} Sandbox Lane",
            "city": "Austin",
            "zip_code": "78701",
            "premise_type": "Residential",
            "service_since": service_since,
        },
    )
    if not is_new:
        return
    SandboxPremise.objects.create(premise=premise, made_on=today)
    installed_on = None if scenario.meter_days is None else today - timedelta(days=scenario.meter_days)
    Meter.objects.create(premise=premise, number=meter_number_of(esiid), installed_on=installed_on)
    if scenario.is_registered:
        decided = {"decision": ClaimDecision.CONFIRMED, "decided_at": at, "provider_matches": True}
        EsiidClaim.objects.create(customer=_registered_customer(), premise=premise, since=at, **decided)


def _registered_customer() -> Customer:
    user = sandbox_user(REGISTERED_EMAIL, CUSTOMER)
    customer, _is_new = Customer.objects.get_or_create(user=user, defaults={"kind": CustomerKind.RESIDENTIAL})
    return customer


def sandbox_user(email: str, names: dict[str, str]) -> User:
    """Return the user with this address, who is no person, making it at the first call."""
    columns = names | {"password": "!", "is_person": False, "is_active": False}
    user, _is_new = User.objects.get_or_create(email=email, defaults=columns)
    return user


def sandbox_reviewer() -> User:
    """Return the user that decides about reviews of the sandbox's utility."""
    return sandbox_user(REVIEWER_EMAIL, REVIEWER)


def _use_up_limit(request: AgreementRequest, company: Company, by: User, contact: Contact, at: datetime) -> None:
    """Create as many agreements, rejected on the days before, as the yearly limit allows (L5)."""
    if premise_ids := _premise_ids(request, company):
        counted = counted_agreements(company, premise_ids, at=at)[premise_ids[0]]
        for days in range(counted.limit - len(counted.initiated), 0, -1):
            initiated_at = at - timedelta(days=days)
            agreement = _create(request, company, by, contact, initiated_at)
            actions.reject(agreement, channel=Channel.SANDBOX, at=initiated_at + timedelta(hours=1))


def _let_one_wait(request: AgreementRequest, company: Company, by: User, contact: Contact, at: datetime) -> None:
    """Create an agreement for the same report that waits for an answer, unless there is one (L6)."""
    if premise_ids := _premise_ids(request, company):
        actions.expire_overdue(premise_ids=premise_ids, at=at)
        earlier = Agreement.objects.pending().filter(company=company, premise__in=premise_ids)
        same_report = earlier.filter(report_type=request.report_type, report_length=request.report_length)
        if not same_report.exists():
            _create(request, company, by, contact, at - timedelta(hours=1))


def _premise_ids(request: AgreementRequest, company: Company) -> Sequence[int]:
    return [match.premise_id for match in match_meters(request, company=company).values()]


def _create(
    request: AgreementRequest, company: Company, by: User, contact: Contact, initiated_at: datetime
) -> Agreement:
    draft = Draft.objects.create(user=by)
    matches = match_meters(request, company=company)
    details: Any = {"company": company, "contact": contact, "comments": "", "channel": Channel.SANDBOX}
    (agreement,) = creation.create_agreements(draft, request, matches, at=initiated_at, **details)
    return agreement
