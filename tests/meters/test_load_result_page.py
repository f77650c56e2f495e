"""The page of a load shows its first rejected rows (D2)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from meters.models import UploadState
from tests.factories import OperatorFactory, UploadFactory, UploadRejectionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("rejected", "heading"), [(3, "Rejected rows"), (25, "The first 20 of 25 rejected rows")])
def test_the_first_twenty_rejected_rows_have_line_and_reason(client, rejected, heading):
    upload = UploadFactory(
        state=UploadState.PARTIAL, rows=100, rejected=rejected, rejected_by_reason={"unknown_esiid": rejected}
    )
    for place in range(rejected):
        UploadRejectionFactory(upload=upload, line=1000 + place)
    client.force_login(OperatorFactory())
    page = client.get(reverse("admin:meters_upload_change", args=[upload.pk])).content.decode()
    assert heading in page and reverse("admin:meters_upload_rejected", args=[upload.pk]) in page
    assert page.count('<td class="num">1,0') == min(rejected, 20)
    assert "1,019" not in page if rejected == 3 else "1,019" in page and "1,020" not in page
    assert "<th" in page and "unknown_esiid" not in page


def test_rows_of_several_files_name_their_file(client):
    upload = UploadFactory(state=UploadState.PARTIAL, rows=9, rejected=2, rejected_by_reason={"unknown_esiid": 2})
    for name in ("one.csv", "two.csv"):
        UploadRejectionFactory(upload=upload, file=name)
    client.force_login(OperatorFactory())
    page = client.get(reverse("admin:meters_upload_change", args=[upload.pk])).content.decode()
    assert "<td>one.csv</td>" in page and "<td>two.csv</td>" in page
