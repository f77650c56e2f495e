"""Every email that a customer can get, caused as people cause it, in one language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation

from accounts.allauth_adapter import _HAPPENINGS, AccountAdapter
from accounts.models import User
from accounts.second_factor import remove_lost
from agreements import deciding, reviewing
from agreements.models import Agreement, ReportLength, ReportType, Review
from agreements.states import Channel, Status
from meters.models import Premise
from notifications.models import Email
from reports.actions import make_due
from tests.accounts.registering import register
from tests.agreements.asking import ROSA, ask
from tests.factories import AgreementFactory, MeterFactory, OperatorFactory, UserFactory
from tests.pages.states.account import changed_email
from tests.pages.states.second_factor import with_app
from tests.pages.world import World


def customers_emails(world: World, language: str) -> list[Email]:
    """In the order in which they were queued. Whatever causes them is undone."""
    with transaction.atomic(), translation.override(language):
        make_due()  # what the world left to be made
        before = list(Email.objects.values_list("pk", flat=True))
        User.objects.filter(pk=world["customer"].pk).update(language=language)
        world["customer"].language = language
        _about_agreements(world, language)
        _about_accounts(world, language)
        found = Email.objects.exclude(pk__in=before).exclude(to_address__endswith="green-energy.example")
        emails = list(found.exclude(kind__in=["REVIEW", "GUESSING"]).order_by("pk"))
        transaction.set_rollback(True)
    return emails


def _about_agreements(world: World, language: str) -> None:
    def pending(**details: Any) -> Agreement:
        (agreement,) = ask(world["member"], MeterFactory(), person=replace(ROSA, language=language), **details)
        return agreement

    for report_type, report_length in product(ReportType, ReportLength):
        waiting = pending(report_type=report_type, report_length=report_length)
    deciding.resend(waiting, by=world["member"])
    deciding.withdraw(waiting, by=world["member"])
    deciding.reject(pending(), channel=Channel.INVITATION)
    world["member"].membership.company.privacy_policy_url = ""
    deciding.accept(pending(), channel=Channel.INVITATION)
    late = pending(report_length=ReportLength.ONE_DAY)
    Premise.objects.filter(pk=late.premise_id).update(service_since=timezone.localdate() + timedelta(days=1))
    deciding.accept(late, channel=Channel.INVITATION)
    make_due()
    for decide in (reviewing.release, reviewing.refuse):
        held = AgreementFactory(status=Status.COMPLETE, review=Review.HELD, language=language)
        decide(held, by=OperatorFactory(), reason="It is not clear.")


def _about_accounts(world: World, language: str) -> None:
    client = Client(headers={"accept-language": language})
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    register(client, MeterFactory(), language=language)
    owner = UserFactory(language=language)
    register(client, MeterFactory(), language=language, email=owner.email, email_again=owner.email)
    client.post(reverse("account_reset_password"), {"email": owner.email})
    client.post(reverse("account_reset_password"), {"email": "unknown@example.net"})
    for happening in _HAPPENINGS:
        told = {"user": owner, "ip": "203.0.113.9", "timestamp": timezone.now()}
        AccountAdapter(RequestFactory().get("/")).send_mail(happening, owner.email, told)
    changed_email(client, world)
    with_app(world)
    remove_lost(world["customer"], by=OperatorFactory())
