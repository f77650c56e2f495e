"""The administration's pages break no rule of accessibility either (A1, D1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from tests.admin.world import World, make_world
from tests.pages.showing import SEEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# What Django's own forms and lists leave without a name: halves of a date with time, the search field, a column of
# check boxes, a choice that searches; and a wide table that Chromium itself lets the keyboard scroll. Django's to mend.
DJANGO = (
    "label:",
    "label-title-only:",
    "empty-table-header:",
    "aria-input-field-name:",
    "scrollable-region-focusable:",
)


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
    found: dict[str, list[str]] = {}
    for user in (world.own.staff, world.operator):
        client = Client()
        client.force_login(user)
        for address in addresses(world):
            answer = client.get(address)
            if answer.status_code != 200:
                continue
            screen.show(answer)
            problems = screen.problems(320, "light", rules=None) + screen.problems(1280, "dark", rules=SEEN)
            if problems := [one for one in problems if not one.split(": ", 1)[1].startswith(DJANGO)]:
                found[f"{user} {address}"] = problems
    assert not found, "\n".join(f"{page}: {one}" for page, problems in found.items() for one in problems)
