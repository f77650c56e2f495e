"""The administration's pages break no rule of accessibility either (A1, D1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from agreements.models import Review
from agreements.states import Status
from companies.models import CompanyStanding
from meters.models import UploadState
from tests.admin.world import World, make_world
from tests.factories import (
    AgreementFactory,
    ClaimDisputeFactory,
    CompanyFactory,
    UploadFactory,
    UploadRejectionFactory,
)
from tests.pages.known import Known
from tests.pages.showing import COLORS

pytestmark = [pytest.mark.walk, pytest.mark.browser, pytest.mark.django_db]


def addresses(world: World) -> Iterator[str]:
    """The index, and each model's list, form to add, records and their history."""
    yield reverse("admin:index")
    for model in site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"admin:{name}_changelist")
        yield reverse(f"admin:{name}_add")
        if record := world.own.records.get(model._meta.label_lower):
            yield reverse(f"admin:{name}_change", args=[record.pk])
            yield reverse(f"admin:{name}_history", args=[record.pk])
    held = AgreementFactory(premise=world.own.premise, status=Status.COMPLETE, review=Review.HELD)
    yield reverse("admin:agreements_consentreview_review", args=[held.consent_review.pk])
    disputed = ClaimDisputeFactory(claim__premise__tdsp=world.own.tdsp, claim__signals=["network"])
    yield reverse("admin:customers_esiidclaim_review", args=[disputed.claim.pk])
    for standing in (CompanyStanding.PENDING, CompanyStanding.APPROVED, CompanyStanding.SUSPENDED):
        company = CompanyFactory(standing=standing, standing_reason="", requests_paused_at=timezone.now())
        yield reverse("admin:companies_company_standing", args=[company.pk])
    yield reverse("admin:companies_company_resume", args=[company.pk])
    loaded = UploadFactory(tdsp=world.own.tdsp, state=UploadState.PARTIAL, rows=9, rejected=3)
    UploadRejectionFactory.create_batch(3, upload=loaded)
    yield reverse("admin:meters_upload_change", args=[loaded.pk])
    yield f"{reverse('admin:notices_notice_changelist')}?q=nowhere"
    yield f"{reverse('admin:agreements_agreement_changelist')}?q=%40+Drive"


def words_of_scripts(client: Client) -> dict[str, Any]:
    """What the pages' scripts ask for besides: without these words no calendar and no clock is made."""
    address = reverse("admin:jsi18n")
    return {address: client.get(address)}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_page_of_the_administration_breaks_a_rule(screen: Any) -> None:
    """A1, D1: as TDSP staff and as an operator."""
    world = make_world()
    known = Known()
    found: dict[str, list[str]] = {}
    for user in (world.own.staff, world.operator):
        client = Client()
        client.force_login(user)
        screen.others = words_of_scripts(client)
        for address in addresses(world):
            answer = client.get(address)
            if answer.status_code != 200:
                continue
            screen.show(answer)
            problems = screen.heard()
            is_known = known.has(answer.content.decode())
            problems += screen.problems(320, "light", rules=[] if is_known else None)
            problems += screen.problems(1280, "dark", rules=[] if is_known else COLORS)
            screen.heard()  # axe's own: it asks for what a style sheet imports beside the page, and styles the page
            if problems:
                found[f"{user} {address}"] = problems
    assert not found, "\n".join(f"{page}: {one}" for page, problems in found.items() for one in problems)


def test_a_date_is_picked_from_the_calendar_and_a_time_from_the_clock(screen: Any) -> None:
    """D1: under the policy of the portal's pages, and no style or script of the admin is refused."""
    client = Client()
    client.force_login(make_world().operator)
    screen.others = words_of_scripts(client)
    screen.show(client.get(reverse("admin:notices_notice_add")))
    for opener, box, half, kept in (
        (".date-icon", ".calendarbox td a", "#id_published_from_0", r"^20\d\d-\d\d-\d\d$"),
        (".clock-icon", ".clockbox a", "#id_published_from_1", r"^\d\d:\d\d:\d\d$"),
    ):
        screen.page.locator(opener).first.click()
        screen.page.locator(box).locator("visible=true").first.click()
        expect(screen.page.locator(half)).to_have_value(re.compile(kept))
    assert not screen.heard()


@pytest.mark.control
def test_a_calendar_that_is_not_made_is_heard_of(screen: Any) -> None:
    """Without the words of its script."""
    client = Client()
    client.force_login(make_world().operator)
    screen.show(client.get(reverse("admin:notices_notice_add")))
    assert "/admin/jsi18n/" in " ".join(screen.heard())


def test_each_field_is_found_by_its_name(screen: Any) -> None:
    """A1: a choice that searches keeps its field's name once something is chosen, and so do the halves of a time."""
    world = make_world()
    client = Client()
    client.force_login(world.operator)
    screen.others = words_of_scripts(client)
    for model, role, names in (
        ("meters_meter", "combobox", [r"Premise:.*\d"]),
        ("notices_notice", "textbox", ["Date: Published until", "Time: Published until"]),
        ("customers_customer", "textbox", ["ESIID:", "Date: .*until", "Time: .*until"]),
    ):
        record = world.own.records[model.replace("_", ".")]
        screen.show(client.get(reverse(f"admin:{model}_change", args=[record.pk])))
        assert not screen.heard()
        for name in names:
            expect(screen.page.get_by_role(role, name=re.compile(name, re.IGNORECASE)).first).to_be_visible()
