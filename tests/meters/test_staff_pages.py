"""TDSPs, premises and meters in the admin (D1)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from meters.models import Meter, Premise
from tests.factories import MeterFactory, OperatorFactory, PremiseFactory, UserFactory
from tests.meters.usage_files import ESIID

pytestmark = pytest.mark.django_db

PREMISES = reverse("admin:meters_premise_changelist")


@pytest.fixture
def operator_client(client):
    client.force_login(OperatorFactory())
    return client


@pytest.fixture
def staff_client(client, premise):
    client.force_login(UserFactory(is_staff=True, tdsp=premise.tdsp))
    return client


@pytest.mark.parametrize("typed", [ESIID, f"'{ESIID}", "10443 72000 9000017", "104051941", "1044372000900"])
def test_a_premise_is_found_by_esiid_or_meter_number(operator_client, premise, typed):
    """D1: an ESIID as a spreadsheet shows it, its beginning, or a meter number."""
    MeterFactory(premise=premise, number="104051941")
    PremiseFactory(esiid="10443729999999999", address="1 Elm Street")
    page = operator_client.get(PREMISES, {"q": typed})
    assert [premise.esiid for premise in page.context["cl"].result_list] == [ESIID]


def test_staff_see_the_premises_and_meters_of_their_tdsp_only(staff_client, premise):
    """D1: another TDSP's are not found."""
    MeterFactory(premise=premise, number="1")
    other = MeterFactory(number="2")
    assert [record.pk for record in staff_client.get(PREMISES).context["cl"].result_list] == [premise.pk]
    meters = staff_client.get(reverse("admin:meters_meter_changelist")).context["cl"].result_list
    assert [meter.number for meter in meters] == ["1"]
    tdsps = staff_client.get(reverse("admin:meters_tdsp_changelist")).context["cl"].result_list
    assert list(tdsps) == [premise.tdsp]
    page = staff_client.get(reverse("admin:meters_premise_change", args=[other.premise_id]), follow=True)
    assert other.premise.esiid not in page.content.decode()


def test_a_premise_cannot_be_deleted(operator_client, premise):
    """D1: agreements and usage refer to it."""
    answer = operator_client.post(reverse("admin:meters_premise_delete", args=[premise.pk]), {"post": "yes"})
    assert answer.status_code == 403
    operator_client.post(PREMISES, {"action": "delete_selected", "_selected_action": [premise.pk], "post": "yes"})
    assert Premise.objects.filter(pk=premise.pk).exists()


def test_the_esiid_is_displayed_and_cannot_be_changed(operator_client, premise):
    """D1: its history refers to it."""
    page = operator_client.get(reverse("admin:meters_premise_change", args=[premise.pk]))
    assert ESIID in page.content.decode()
    assert 'name="esiid"' not in page.content.decode()


def test_a_meter_number_is_stored_in_its_normal_form(operator_client, premise):
    """D1: typed with spaces, dashes and a leading letter; an invalid one has an error at its field (A2)."""
    add = reverse("admin:meters_meter_add")
    operator_client.post(add, {"premise": premise.pk, "number": "l104-051 941"})
    assert Meter.objects.get().number == "104051941"
    page = operator_client.post(add, {"premise": premise.pk, "number": "12/34"})
    assert "up to 20 letters and numbers" in page.content.decode()


def test_usage_has_no_admin(operator_client):
    """D1: only imports write it."""
    assert "usageday" not in operator_client.get(reverse("admin:index")).content.decode().lower()
