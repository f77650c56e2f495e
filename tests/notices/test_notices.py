"""Notices of TDSPs and operators: who sees which, in which language, and what is marked as unread (T2, D1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from notices.models import Audience, Notice, NoticeRead
from tests.factories import (
    EsiidClaimFactory,
    MembershipFactory,
    NoticeFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Any]:
    """A customer at a premise of one TDSP, a third party's user, staff of that TDSP and of another, an operator."""
    claim = EsiidClaimFactory()
    tdsp = claim.premise.tdsp
    return {
        "tdsp": tdsp,
        "customer": claim.customer.user,
        "third party": MembershipFactory().user,
        "staff": UserFactory(is_staff=True, tdsp=tdsp),
        "other staff": UserFactory(is_staff=True, tdsp=TdspFactory()),
        "operator": OperatorFactory(),
        "nobody": UserFactory(),
    }


WHO_SEES = [
    # of, for, and who sees it
    ("own", Audience.CUSTOMERS, {"customer", "staff", "operator"}),
    ("own", Audience.THIRD_PARTIES, {"third party", "staff", "operator"}),
    ("own", Audience.BOTH, {"customer", "third party", "staff", "operator"}),
    ("other", Audience.CUSTOMERS, {"operator"}),
    ("other", Audience.THIRD_PARTIES, {"third party", "operator"}),
    ("operators", Audience.CUSTOMERS, {"customer", "staff", "other staff", "operator"}),
    ("operators", Audience.THIRD_PARTIES, {"third party", "staff", "other staff", "operator"}),
]


@pytest.mark.parametrize(("of", "audience", "readers"), WHO_SEES, ids=[f"{of}-{to.value}" for of, to, _ in WHO_SEES])
def test_each_audience_sees_its_notices(client, people, of, audience, readers):
    """T2, D1: to everybody else it does not exist, in the list and at its address."""
    tdsp = {"own": people["tdsp"], "other": TdspFactory(), "operators": None}[of]
    notice = NoticeFactory(tdsp=tdsp, audience=audience)
    for who in ("customer", "third party", "staff", "other staff", "operator", "nobody"):
        client.force_login(people[who])
        listed = notice.title in client.get(reverse("notices")).content.decode()
        status = client.get(reverse("notice", args=[notice.pk])).status_code
        assert (listed, status) == ((True, 200) if who in readers else (False, 404)), who


def test_a_customer_who_moved_out_no_longer_sees_the_former_utilitys_notices(people):
    notice = NoticeFactory(tdsp=people["tdsp"])
    customer = people["customer"]
    assert notice in Notice.objects.visible_to(customer)
    customer.customer.claims.update(until=timezone.now())
    assert notice not in Notice.objects.visible_to(customer)


def test_a_notice_is_visible_from_its_start_to_its_end(people):
    now = timezone.now()
    notice = NoticeFactory(published_from=now, published_until=now + timedelta(days=1))
    seconds = timedelta(seconds=1)
    assert not Notice.objects.published(at=now - seconds).exists()
    assert Notice.objects.published(at=now).exists()
    assert Notice.objects.published(at=notice.published_until - seconds).exists()
    assert not Notice.objects.published(at=notice.published_until).exists()
    assert NoticeFactory(published_from=now + timedelta(days=1)) not in Notice.objects.visible_to(people["customer"])


def test_a_notice_is_new_until_it_is_opened(client, people):
    """T2: the mark is kept with the user; a HEAD opens nothing; others keep theirs."""
    notice = NoticeFactory()
    client.force_login(people["customer"])

    def page() -> str:
        return client.get(reverse("notices")).content.decode()

    assert "New</span>" in page()
    assert "1 unread" in page()
    client.head(reverse("notice", args=[notice.pk]))
    assert "New</span>" in page()
    for _look in range(2):
        client.get(reverse("notice", args=[notice.pk]))
    assert "New</span>" not in page()
    assert "unread" not in page()
    assert NoticeRead.objects.count() == 1
    client.force_login(people["third party"])
    assert "New</span>" in page()


def test_opening_twice_at_the_same_moment_records_one_read(people):
    notice = NoticeFactory()
    for _look in range(2):
        notice.mark_read(by=people["customer"])
    assert NoticeRead.objects.count() == 1


@pytest.mark.control
def test_without_ignoring_conflicts_the_second_read_fails(people):
    notice = NoticeFactory()
    NoticeRead.objects.create(notice=notice, user=people["customer"])
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeRead.objects.create(notice=notice, user=people["customer"])


def test_the_newest_comes_first_and_many_are_paged(client, people):
    now = timezone.now()
    for number in range(1, 26):
        NoticeFactory(title=f"Notice no. {number:02d}", published_from=now - timedelta(days=number))
    client.force_login(people["customer"])
    first = client.get(reverse("notices")).content.decode()
    assert first.index("Notice no. 01") < first.index("Notice no. 20")
    assert "Notice no. 21" not in first
    assert "1 to 20 of 25" in first
    assert "Notice no. 25" in client.get(reverse("notices"), {"page": 2}).content.decode()


def test_spanish_if_written_otherwise_english_marked_as_english(client, people):
    """C6: a screen reader is told which language it reads."""
    spanish = NoticeFactory(title_es="Mantenimiento el domingo", text_es="El portal se cierra.")
    english = NoticeFactory(title="Only in English")
    people["customer"].language = "es"
    people["customer"].save()
    client.force_login(people["customer"])
    listed = client.get(reverse("notices")).content.decode()
    assert 'lang="es">Mantenimiento el domingo' in listed
    assert 'lang="en">Only in English' in listed
    assert "El portal se cierra." in client.get(reverse("notice", args=[spanish.pk])).content.decode()
    assert '<h1 lang="en">Only in English' in client.get(reverse("notice", args=[english.pk])).content.decode()


def test_the_text_of_a_notice_is_escaped(client, people):
    """E3's sense: and an address in them is a link."""
    notice = NoticeFactory(title="<b>Bold</b>", text="<script>alert(1)</script>\n\nSee https://utility.example/outages")
    client.force_login(people["customer"])
    page = client.get(reverse("notice", args=[notice.pk])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;b&gt;Bold" in page
    assert '<a href="https://utility.example/outages" rel="nofollow">' in page


@pytest.mark.parametrize("words", [{"title_es": "Solo el título"}, {"text_es": "Solo el texto"}])
def test_half_a_notice_in_spanish_is_refused_with_the_next_step(words):
    """A2."""
    with pytest.raises(ValidationError, match="or neither"):
        NoticeFactory.build(**words).full_clean()


def test_a_notice_cannot_end_before_it_starts():
    now = timezone.now()
    notice = NoticeFactory.build(published_from=now, published_until=now - timedelta(hours=1))
    with pytest.raises(ValidationError, match="Choose an end that is after the beginning"):
        notice.full_clean()


def test_a_list_costs_six_queries_at_most(client, people, django_assert_max_num_queries):
    for _number in range(20):
        NoticeFactory(tdsp=people["tdsp"])
    client.force_login(people["customer"])
    with django_assert_max_num_queries(6):
        client.get(reverse("notices"))
