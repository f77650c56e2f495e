"""Every list and record of the administration opens for an operator, and a TDSP's staff see only their own (D1)."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.urls import reverse

from agreements import deciding
from agreements.models import Agreement
from agreements.states import Channel
from notifications import sealed
from tests.agreements.asking import ask
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    member = MembershipFactory().user
    mine, other = ask(member, MeterFactory())[0], ask(member, MeterFactory())[0]
    Agreement.objects.filter(pk=other.pk).update(last_name="Othersen")
    deciding.accept(mine, channel=Channel.INVITATION)
    return mine, other


def pages():
    for model in site._registry:
        yield model, f"admin:{model._meta.app_label}_{model._meta.model_name}"


def test_an_operator_opens_every_list_and_every_record_and_sees_no_link(client, world):
    """D1, X5."""
    client.force_login(OperatorFactory())
    tokens = [sealed.token_of(bytes(agreement.link_nonce)) for agreement in world]
    opened = 0
    for model, name in pages():
        answer = client.get(reverse(f"{name}_changelist"))
        assert answer.status_code == 200, name
        text = answer.content.decode()
        for record in model._default_manager.all()[:3]:
            page = client.get(reverse(f"{name}_change", args=[record.pk]))
            assert page.status_code in (200, 403), name
            opened += page.status_code == 200
            text += page.content.decode()
        assert not any(token in text for token in tokens)
    assert opened


def test_staff_of_a_tdsp_see_nothing_of_another(client, world):
    """D1."""
    mine, other = world
    client.force_login(UserFactory(is_staff=True, tdsp=mine.premise.tdsp))
    seen = ""
    for _model, name in pages():
        answer = client.get(reverse(f"{name}_changelist"))
        assert answer.status_code in (200, 403), name
        seen += answer.content.decode() if answer.status_code == 200 else ""
    assert mine.number in seen
    for secret in (other.number, other.esiid, "Othersen"):
        assert secret not in seen
    name = "admin:agreements_agreement_change"
    assert client.get(reverse(name, args=[mine.pk])).status_code == 200
    assert client.get(reverse(name, args=[other.pk])).status_code in (302, 403, 404)
