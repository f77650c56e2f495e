"""Agreements in every state of steps.py, who reads about them, and the emails that were queued on the way there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from agreements.models import Agreement
from agreements.request import Person
from lib import link_tokens
from notifications.models import Email
from tests.factories import (
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)
from tests.pages.truth.facts import AgreementFacts
from tests.pages.truth.steps import DAYS_AGO, PAIRS, WAYS, Step
from tests.support.agreements import ROSA, initiate

# Registered (or not, or since the request), language, length of the report; the last ones in turn.
COMBINATIONS = [("unregistered", "en", "3m"), ("registered", "es", "1d")]
IN_TURN = [("registered since", "en", "1m"), ("unregistered", "es", "1d"), ("registered since", "es", "3m")]


@dataclass(frozen=True)
class QueuedEmail:
    """An email and what was true when it was queued."""

    kind: str
    name: str
    language: str
    subject: str
    text: str
    html: str
    facts: AgreementFacts


@dataclass
class Case:
    """An agreement in a state, who may read about it, and what was emailed."""

    way: str
    registration: str
    language: str
    number: str
    token: str
    member: User
    operator: User
    user: User | None
    begun_at: datetime
    stands_for_its_way: bool = False  # read again while the company is suspended or paused
    emails: list[QueuedEmail] = field(default_factory=list)
    read_count: int = 0

    def __str__(self) -> str:
        return f"{self.way}, {self.registration}, {self.language}"

    @property
    def agreement(self) -> Agreement:
        return Agreement.objects.select_related("company", "submission", "tdsp", "premise").get(number=self.number)

    def collect_emails(self) -> None:
        """Add the emails that were queued since the last call."""
        keys = f"^(REVIEW:{self.agreement.consent_review_id}|DISAVOWED:{self.number}|UNKNOWN:{self.number}):"
        emails = Email.objects.about(self.number) | Email.objects.filter(key__regex=keys)
        if not (queued := list(emails.order_by("pk")[self.read_count :])):
            return
        facts = AgreementFacts.of(self.number)
        for email in queued:
            self.read_count += 1
            is_to_company = email.to_address == self.agreement.contact_email
            recipient = (
                "staff"
                if email.kind in ("REVIEW", "DISAVOWED", "UNKNOWN")
                else "the company"
                if is_to_company
                else "the customer"
            )
            name = f"email {email.kind} to {recipient}"
            self.emails.append(
                QueuedEmail(email.kind, name, email.language, email.subject, email.text, email.html, facts)
            )


class CaseMaker:
    """Makes cases by two companies, one without a privacy policy, and two TDSPs, one without a phone and staff."""

    def __init__(self) -> None:
        policies = ("https://green-energy.example/privacy", "")
        self.members = [MembershipFactory(company__privacy_policy_url=policy).user for policy in policies]
        self.tdsps = [TdspFactory(contact_phone="+15125550199"), TdspFactory()]
        self.operator = OperatorFactory()
        UserFactory(is_staff=True, tdsp=self.tdsps[0])
        self.numbers = count()

    def make_all(self) -> list[Case]:
        """Make every state in each of COMBINATIONS and in one of IN_TURN."""
        cases = []
        for place, (way, steps) in enumerate(WAYS.items()):
            for combination in [*COMBINATIONS, IN_TURN[place % len(IN_TURN)]]:
                (case,) = self.begin(way, *combination)
                case.stands_for_its_way = combination == COMBINATIONS[place % 2]
                self.take(case, steps)
                cases.append(case)
        return cases

    def make_pair(self, way: str) -> list[Case]:
        """Make the two requests of one of PAIRS."""
        cases = self.begin(way, "unregistered", "en", "3m", meter_count=2)
        for case, steps in zip(cases, PAIRS[way], strict=True):
            self.take(case, steps)
        return cases

    def begin(self, way: str, registration: str, language: str, length: str, *, meter_count: int = 1) -> list[Case]:
        """Initiate a request for each meter, and let a customer who registers later do so."""
        number = next(self.numbers)
        begun_at = timezone.now() - timedelta(days=DAYS_AGO.get(way, 0))
        meters = [MeterFactory(premise__tdsp=self.tdsps[number // 2 % 2]) for _meter in range(meter_count)]
        person, user = replace(ROSA, email=f"rosa{number}@example.net", language=language), None
        account = {"customer__user__email": person.email, "customer__user__language": language}
        if is_registered := registration == "registered":
            user = EsiidClaimFactory(premise=meters[0].premise, **account).customer.user
            person = Person(email=person.email)
        member = self.members[number % 2]
        details: dict[str, Any] = {"person": person, "registered": is_registered, "report_length": length}
        agreements = initiate(member, *meters, at=begun_at, **details)
        if registration == "registered since":
            user = EsiidClaimFactory(premise=meters[0].premise, **account).customer.user
        token = link_tokens.derive_token(bytes(agreements[0].submission.link_nonce))
        cases = [
            Case(way, registration, language, agreement.number, token, member, self.operator, user, begun_at)
            for agreement in agreements
        ]
        for case in cases:
            if way in DAYS_AGO:  # the request was true then, but its conditions are about now
                case.read_count = 1
            case.collect_emails()
        return cases

    def take(self, case: Case, steps: list[Step]) -> None:
        """Do the steps one after the other, and collect the emails of each."""
        for step in steps:
            step(case)
            case.collect_emails()
