"""Staff read words, not keys, and each page says what to do next (D1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessLogEntry
from agreements.models import Agreement, Letter
from meters.models import Upload
from notices.models import Notice
from tests.admin.test_scope import log_in, page
from tests.admin.world import World
from tests.factories import EmailFactory

pytestmark = pytest.mark.django_db


def text_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_an_unsigned_agreement_shows_no_letter(client: Client, world: World):
    """D1: Django would show an empty form that cannot be saved."""
    log_in(client, world.operator)
    assert not Letter.objects.filter(agreement=world.own.pending).exists()
    pending = text_of(client, page("agreements.agreement", "change", world.own.pending.pk))
    assert "letter-" not in pending and "<textarea" not in pending
    signed = text_of(client, page("agreements.agreement", "change", world.own.records["agreements.agreement"].pk))
    assert "Letter of authorization" in signed


def test_an_overdue_request_is_not_called_pending(client: Client, world: World):
    """L2, D1: between the end of its period and the next sweep."""
    log_in(client, world.operator)
    address = page("agreements.agreement", "changelist") + "?status__exact=pending"
    pending = text_of(client, address).count(">Pending</span>")
    Agreement.objects.filter(pk=world.own.pending.pk).update(
        initiated_at=timezone.now() - timedelta(days=31), expires_at=timezone.now() - timedelta(days=1)
    )
    told = text_of(client, address)
    assert (told.count(">Pending</span>"), told.count(">Not Accepted</span>")) == (pending - 1, 1)


def test_the_access_log_names_records_in_words(client: Client, world: World):
    """D3: an entry says what was seen and how much of it."""
    log_in(client, world.operator)
    client.get(page("customers.customer", "changelist"))
    entry = AccessLogEntry.objects.get(user=world.operator)
    assert str(entry) == f"Listed customers: {entry.rows} shown"
    assert "customers.customer" not in text_of(client, page("accounts.accesslogentry", "change", entry.pk))


def test_a_report_shows_its_sums_and_gaps_in_words(client: Client, world: World):
    """D1, R4: no JSON and no bare column names."""
    report = world.own.records["reports.report"]
    report.total_wh = {"Consumption": 1_885_432}
    report.missing_days = {"Consumption": [["2026-03-01", "2026-03-01"], ["2026-03-05", "2026-03-07"]]}
    report.save()
    told = text_of(log_in(client, world.operator), page("reports.report", "change", report.pk))
    assert "1885.432 kWh" in told.replace(",", "")
    assert "March 1, 2026, March 5, 2026 – March 7, 2026" in told
    bare = text_of(client, page("reports.report", "change", world.other.records["reports.report"].pk))
    assert '<div class="readonly">None</div>' in bare and '<div class="readonly"></div>' not in bare
    assert "{&quot;" not in told and "Total wh" not in told and "Sha256" not in told


def test_the_page_of_an_email_shows_no_column_names(client: Client, world: World):
    """D1, E2."""
    email = world.own.records["notifications.email"]
    told = text_of(log_in(client, world.operator), page("notifications.email", "change", email.pk))
    assert "Text deleted" in told and "Body forgotten" not in told and "Uncertain" not in told


def test_the_kind_of_an_email_is_shown_in_words(client: Client, world: World):
    """D1, E1: in the list, in its filter and on the agreement's page; EM201 and the like keep their number."""
    EmailFactory(kind="JOIN_REQUESTED", about=[])
    EmailFactory(kind="EM202", about=[world.own.pending.number])
    log_in(client, world.operator)
    emails = page("notifications.email", "changelist")
    told = text_of(client, emails)
    assert told.count("EM202: reminder") == 2 and told.count("Join requested") == 2  # with the label of its box
    assert ">JOIN_REQUESTED<" not in told
    chosen = text_of(client, f"{emails}?kind=EM202")
    assert "1 email" in chosen and "Join requested" not in chosen and "Kind: EM202: reminder" in chosen
    assert "EM202: reminder" in text_of(client, page("agreements.agreement", "change", world.own.pending.pk))


def test_a_premise_needs_a_tdsp(client: Client, world: World):
    told = text_of(log_in(client, world.operator), page("meters.premise", "add"))
    assert "Tdsp:" not in told and "TDSP:" in told and "POLR customer class:" in told


def test_one_button_loads_a_file(client: Client, world: World):
    """D2: its own page follows in any case."""
    told = text_of(log_in(client, world.own.staff), page("meters.upload", "add"))
    assert 'value="Load the file"' in told and 'name="_addanother"' not in told and 'name="_continue"' not in told


def test_an_empty_list_says_why_and_what_next(client: Client, world: World):
    """D1: nothing on record yet, or nothing that matches."""
    log_in(client, world.operator)
    notices = page("notices.notice", "changelist")
    assert "Nothing matches" not in text_of(client, notices)
    assert '<a href="?">Show all</a>' in text_of(client, f"{notices}?q=nowhere")
    Notice.objects.all().delete()
    empty = text_of(client, notices)
    assert "There are no notices yet." in empty and f'href="{reverse("admin:notices_notice_add")}' in empty
    Upload.objects.all().delete()
    assert "There are no data files yet." in text_of(client, page("meters.upload", "changelist"))
