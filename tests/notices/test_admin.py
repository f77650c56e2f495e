"""Notices in the admin: each TDSP's staff write their own, operators everybody's (D1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from notices.models import Notice
from tests.factories import NoticeFactory, OperatorFactory, TdspFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("admin:notices_notice_changelist"), reverse("admin:notices_notice_add")


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, tdsp=TdspFactory())


def form(**typed: Any) -> dict[str, Any]:
    return {
        "audience": "customers",
        "title": "Storm",
        "text": "Some meters report late.",
        "title_es": "",
        "text_es": "",
        "published_from_0": "2026-11-20",
        "published_from_1": "08:00",
        "published_until_0": "",
        "published_until_1": "",
        **typed,
    }


def test_a_forged_form_cannot_publish_in_another_tdsps_name(client, staff):
    other = TdspFactory()
    client.force_login(staff)
    assert "tdsp" not in client.get(ADD).context["adminform"].form.fields
    answer = client.post(ADD, form(tdsp=other.pk))
    assert answer.status_code == 302
    notice = Notice.objects.get()
    assert (notice.tdsp, notice.made_by) == (staff.tdsp, staff)


def test_an_operators_notice_is_for_everyone_or_for_one_tdsp(client):
    client.force_login(OperatorFactory(is_superuser=True))
    tdsp = TdspFactory()
    client.post(ADD, form(tdsp=""))
    client.post(ADD, form(tdsp=tdsp.pk))
    assert set(Notice.objects.values_list("tdsp", flat=True)) == {None, tdsp.pk}


def test_staff_find_only_their_own_tdsps_notices(client, staff):
    own = NoticeFactory(tdsp=staff.tdsp)
    client.force_login(staff)
    for foreign in (NoticeFactory(tdsp=TdspFactory()), NoticeFactory()):
        assert foreign.title not in client.get(LIST).content.decode()
        assert client.get(reverse("admin:notices_notice_change", args=[foreign.pk])).status_code == 404
        client.post(LIST, {"action": "end_now", "_selected_action": [foreign.pk]})
        foreign.refresh_from_db()
        assert foreign.published_until is None
    assert own.title in client.get(LIST).content.decode()


def test_a_notice_is_ended_and_never_deleted(client, staff):
    notice = NoticeFactory(tdsp=staff.tdsp)
    client.force_login(staff)
    page = client.post(LIST, {"action": "end_now", "_selected_action": [notice.pk]}, follow=True).content.decode()
    assert "1 notice was ended." in page
    notice.refresh_from_db()
    assert notice.published_until <= timezone.now()
    assert client.post(reverse("admin:notices_notice_delete", args=[notice.pk]), {"post": "yes"}).status_code in {
        403,
        404,
    }
    assert Notice.objects.count() == 1


def test_half_a_notice_in_spanish_is_refused_and_the_form_keeps_its_input(client, staff):
    """A2."""
    client.force_login(staff)
    answer = client.post(ADD, form(title_es="Tormenta"))
    page = answer.content.decode()
    assert "or neither" in page
    assert "Tormenta" in page
    assert "Some meters report late." in page
    assert not Notice.objects.exists()
