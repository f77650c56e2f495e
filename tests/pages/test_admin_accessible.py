"""The administration's pages break no rule of accessibility either (A1, D1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from tests.admin.world import World, make_world
from tests.pages.known import Known
from tests.pages.showing import SEEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


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
        for address in addresses(world):
            answer = client.get(address)
            if answer.status_code != 200:
                continue
            screen.show(answer)
            is_known = known.has(answer.content.decode())
            problems = screen.problems(320, "light", rules=[] if is_known else None)
            problems += screen.problems(1280, "dark", rules=[] if is_known else SEEN)
            if problems:
                found[f"{user} {address}"] = problems
    assert not found, "\n".join(f"{page}: {one}" for page, problems in found.items() for one in problems)


def test_each_field_is_found_by_its_name(screen: Any) -> None:
    """A1: a choice that searches keeps its field's name once something is chosen, and so do the halves of a time."""
    world = make_world()
    client = Client()
    client.force_login(world.operator)
    for model, role, names in (
        ("meters_meter", "combobox", [r"Premise:.*\d"]),
        ("notices_notice", "textbox", ["Date: Published until", "Time: Published until"]),
        ("accounts_customer", "textbox", ["ESIID:", "Date: .*until", "Time: .*until"]),
    ):
        record = world.own.records[model.replace("_", ".")]
        screen.show(client.get(reverse(f"admin:{model}_change", args=[record.pk])))
        for name in names:
            expect(screen.page.get_by_role(role, name=re.compile(name, re.IGNORECASE)).first).to_be_visible()
