"""What a file leaves behind: the email about it, its results, and what is deleted (K6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from agreements.bulk.actions import cancel_bulk, send_bulk
from agreements.bulk.results import results_csv
from agreements.bulk.retention import delete_bulk_data
from agreements.bulk.sending import send_due_bulks
from agreements.models import Agreement, BulkInvitation, BulkRow, BulkRowState, BulkState
from companies.models import Membership
from notifications.models import Email
from tests.factories import MembershipFactory, MeterFactory
from tests.support.bulk import CONTACT, bulk_row, good_rows, upload, upload_and_send

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return MembershipFactory(is_administrator=True).user


def test_the_user_who_sent_the_file_gets_one_email_with_counts(user):
    """K6: without any customer's data; a file that was canceled has none."""
    bulk = upload_and_send(user, [*good_rows(2), bulk_row(None, 5)])
    while send_due_bulks():
        pass
    send_due_bulks()
    email = Email.objects.get(kind="BULK_FINISHED")
    assert email.to_address == user.email and "2 created, 1 refused" in email.subject
    assert f"/agreements/bulk/{bulk.pk}/" in email.text and "Agreements created: 2" in email.text
    assert not [word for word in ("Delgado", "customer0@", "1044372") if word in email.text + email.html]
    canceled = upload_and_send(user, good_rows(3))
    cancel_bulk(canceled, by=user)
    send_due_bulks()
    assert Email.objects.filter(kind="BULK_FINISHED").count() == 1


def test_a_user_who_left_the_company_gets_no_email_about_the_file(user):
    """K6."""
    bulk = upload_and_send(user, [bulk_row(None, 5)])
    bulk.rows.update(state=BulkRowState.REFUSED)
    Membership.objects.filter(user=user).update(ended_at=Now())
    send_due_bulks()
    bulk.refresh_from_db()
    assert bulk.state == BulkState.FINISHED and not Email.objects.filter(kind="BULK_FINISHED").exists()


def test_the_results_are_the_file_with_its_outcomes(user):
    """K6."""
    good = bulk_row(MeterFactory(), 1, LAST_NAME="-Delgado")
    bulk = upload(user, [good, bulk_row(EMAIL="nobody")])
    header, first, second = results_csv(bulk).splitlines()
    assert header.endswith("EXTERNAL_ID,PROBLEM") and first.endswith("deal-1,") and "full email" in second
    send_bulk(bulk, CONTACT, by=user)
    send_due_bulks()
    bulk.refresh_from_db()
    header, first, second = results_csv(bulk).splitlines()
    assert header.endswith("EXTERNAL_ID,STATUS,AGREEMENT_NUMBER,CODE,MESSAGE")
    assert first.endswith(f"deal-1,created,{Agreement.objects.get().number},,") and ",'-Delgado," in first
    assert ",refused,,invalid," in second


def test_personal_data_is_deleted_seven_days_after_the_end(user, settings):
    """K6, X6: outcomes and numbers stay; a file that was not sent is deleted."""
    bulk, unsent = upload_and_send(user, good_rows(1)), upload(user, good_rows(1))
    send_due_bulks()
    assert delete_bulk_data(at=timezone.now() + settings.BULK_RETENTION - timedelta(minutes=1)) == 0
    later = timezone.now() + settings.BULK_RETENTION + timedelta(minutes=1)
    assert delete_bulk_data(at=later) == 2 and delete_bulk_data(at=later) == 0
    bulk.refresh_from_db()
    assert not BulkInvitation.objects.filter(pk=unsent.pk).exists()
    assert (bulk.contact, bulk.file_name, bulk.rows_hash) == ({}, "", "")
    (row,) = BulkRow.objects.all()
    assert row.cells == [] and row.agreement_number == Agreement.objects.get().number
    assert results_csv(bulk).splitlines()[1].endswith(f"created,{row.agreement_number},,")
