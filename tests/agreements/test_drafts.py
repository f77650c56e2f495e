"""Unfinished forms are listed as drafts, to continue or to discard (T10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement, Draft
from agreements.retention import delete_old_drafts
from companies.request_pauses import pause_requests
from tests.factories import DraftFactory, MembershipFactory, MeterFactory
from tests.support.agreement_forms import PAGE_2, page_1
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db
NEW, LIST, HOME = "/agreements/new/", "/agreements/", "/"
WORDS = "Continue your request from"


def start(client, *meters, at: str = NEW) -> str:
    return client.post(at, page_1(*(meters or [MeterFactory()])))["Location"]


def discard_url(draft: Draft) -> str:
    return reverse("agreement_discard", args=[draft.pk])


@pytest.mark.parametrize("page", [LIST, HOME])
def test_a_draft_is_listed_with_the_way_to_where_it_stopped(client, member, page):
    """T10."""
    review = start(client, MeterFactory(), MeterFactory())
    html = client.get(page)
    assert WORDS in page_text(html) and "Rosa Delgado, 2 meters" in page_text(html)
    assert f'href="{review}"' in html.content.decode()
    assert client.get(review).status_code == 200


def test_an_unchecked_page_1_goes_on_there(client, member):
    """T10: what was typed when the session had ended."""
    draft = DraftFactory(user=member.user, entries={"email": "<b>rosa</b>@example.net"})
    html = client.get(LIST).content.decode()
    assert f"{NEW}?draft={draft.pk}" in html and "&lt;b&gt;rosa&lt;/b&gt;@example.net" in html


def test_a_submitted_form_is_no_draft(client, member):
    client.post(start(client), PAGE_2)
    assert Agreement.objects.exists() and WORDS not in page_text(client.get(LIST))


def test_a_change_of_page_1_leaves_one_draft(client, member):
    """T8, T10: the former draft still opens, for the browser's way back."""
    review = start(client)
    draft = Draft.objects.get()
    start(client, at=f"{NEW}?draft={draft.pk}")
    assert Draft.objects.count() == 2 and page_text(client.get(LIST)).count(WORDS) == 1
    assert client.get(review).status_code == 200


def test_discarding_asks_first(client, member):
    review = start(client)
    draft = Draft.objects.get()
    page = page_text(client.get(discard_url(draft)))
    assert "Discard this draft?" in page and "Rosa Delgado" in page and Draft.objects.exists()
    answer = client.post(discard_url(draft), follow=True)
    assert "Draft discarded." in page_text(answer) and WORDS not in page_text(answer)
    assert not Draft.objects.exists() and client.get(review).status_code == 404


def test_a_draft_is_its_users_only(client, member):
    """D1: also within a company; somebody else neither sees nor discards it."""
    start(client)
    draft = Draft.objects.get()
    for other in (MembershipFactory(company=member.company), MembershipFactory()):
        browser = Client()
        browser.force_login(other.user)
        assert WORDS not in page_text(browser.get(LIST)) and WORDS not in page_text(browser.get(HOME))
        assert browser.get(discard_url(draft)).status_code == browser.post(discard_url(draft)).status_code == 404
    assert Draft.objects.exists()


def test_a_submitted_form_is_not_discarded(client, member):
    """T9."""
    client.post(start(client), PAGE_2)
    draft = Draft.objects.get()
    answer = client.post(discard_url(draft))
    assert answer["Location"] == reverse("agreement_submitted", args=[draft.pk])
    assert Draft.objects.exists() and Agreement.objects.exists()


def test_who_may_not_initiate_sees_none(client, member):
    """C8, T12."""
    start(client)
    pause_requests(member.company, answer_count=5, at=timezone.now())
    assert WORDS not in page_text(client.get(LIST))


def test_a_user_has_a_limited_number_for_a_limited_time(client, member, settings):
    """T10, X6."""
    settings.DRAFTS_PER_USER = 3
    reviews = [start(client) for _ in range(4)]
    assert [client.get(review).status_code for review in reviews] == [404, 200, 200, 200]
    delete_old_drafts(at=timezone.now() + settings.AGREEMENT_DRAFT_RETENTION + timedelta(minutes=1))
    assert WORDS not in page_text(client.get(LIST))
