"""The administration's page of files of bulk invitations."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agreements.bulk.sending import send_due_bulks
from tests.factories import MembershipFactory, MeterFactory, OperatorFactory, TdspFactory, UserFactory
from tests.support.bulk import bulk_row, upload_and_send

pytestmark = pytest.mark.django_db
LIST = "admin:agreements_bulkinvitation_changelist"


def test_operators_see_the_outcome_of_a_file_and_none_of_its_rows(client, settings):
    """T14, K6, D1: the rows are of customers of several TDSPs."""
    settings.BULK_ROWS_A_MINUTE = 100
    user = MembershipFactory(company__legal_name="Caddo Energy").user
    bulk = upload_and_send(user, [bulk_row(MeterFactory(), 1), bulk_row(MeterFactory(), 2), bulk_row(None, 3)])
    while send_due_bulks():
        pass
    client.force_login(OperatorFactory())
    listed = client.get(reverse(LIST)).content.decode()
    detail = client.get(reverse("admin:agreements_bulkinvitation_change", args=[bulk.pk])).content.decode()
    for text in (listed, detail):
        assert "Caddo Energy" in text and "Finished" in text
        assert not [word for word in ("Delgado", "customer1@", "Boxwood", "1044372") if word in text]
    counts = client.get(reverse(LIST)).context["cl"].result_list[0]
    assert (counts.created_count, counts.refused_count, counts.not_checked_count) == (2, 1, 0)
    assert client.get(reverse(LIST), {"q": "caddo"}).context["cl"].result_count == 1
    assert client.get(reverse(LIST), {"q": "comanche"}).context["cl"].result_count == 0


def test_staff_of_a_tdsp_see_no_files(client):
    """D1."""
    client.force_login(UserFactory(is_staff=True, tdsp=TdspFactory(), is_supervisor=True))
    assert client.get(reverse(LIST)).status_code == 403
