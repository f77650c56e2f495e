"""Nothing typed on the form for new agreements is lost (T8, T10)."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement, Draft
from agreements.retention import delete_old_drafts
from tests.factories import MembershipFactory, MeterFactory
from tests.support.agreement_forms import PAGE_2, UNREGISTERED, page_1, rows
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db
NEW = "/agreements/new/"
TYPED = {"contact_name": "Other Person", "contact_phone": "512-555-0177 x 3", "contact_email": "other@x.example"}
TYPED |= {"comments": "Keep me\nand me"}
TWENTY = [(f"104437200000{n:05d}", str(n)) for n in range(1, 21)]


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def browser(member):
    """A browser that sends CSRF tokens, signed in as `member`."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    return client


def hidden(page) -> dict[str, str]:
    """Return the hidden values that a browser sends with the form of the page."""
    body = page.content.decode()
    owner = re.search(r'name="form_owner" value="([^"]+)"', body)
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', body)[-1]
    return {"csrfmiddlewaretoken": token, "form_owner": owner[1] if owner else ""}


def page_2(browser, *meters) -> str:
    sent = browser.post(NEW, page_1(*(meters or [MeterFactory()])) | hidden(browser.get(NEW)))
    assert sent.status_code == 302, page_text(sent)
    return sent["Location"]


def value(page, name: str) -> str:
    field = page.context["form"][name]
    return str(field.value() or "")


def sign_in_again(browser, user, location: str):
    """Follow the redirect to the sign-in page, sign in, and open the page that it leads to."""
    assert location.startswith(reverse("account_login"))
    sign_in = browser.get(location)
    browser.force_login(user)
    return sign_in, browser.get(re.search(r'name="next" value="([^"]+)"', sign_in.content.decode())[1])


def test_a_change_of_page_1_keeps_page_2(browser):
    """T8: in the draft, not in the session."""
    review = page_2(browser)
    change = browser.post(review, TYPED | hidden(browser.get(review)) | {"change": "meters"})
    assert change["Location"].endswith("#meters") and not Agreement.objects.exists()
    changed = browser.get(change["Location"].partition("#")[0])
    again = browser.post(change["Location"].partition("#")[0], page_1(MeterFactory(), city="Houston") | hidden(changed))
    assert again["Location"] != review  # page 2 of the first draft still submits what it displayed
    page = browser.get(again["Location"])
    assert {name: value(page, name) for name in TYPED} == TYPED
    assert "Houston" in page_text(page)
    assert not any("Keep me" in str(entry) for entry in browser.session.values())


def test_the_comments_of_one_form_are_not_those_of_the_next(browser):
    """T8."""
    review = page_2(browser)
    browser.post(review, TYPED | hidden(browser.get(review)) | {"change": "customer"})
    assert value(browser.get(page_2(browser)), "comments") == ""


@pytest.mark.parametrize("after_submission", ["entries", "answers", "page_2"])
def test_a_submitted_draft_has_no_copy_of_what_was_typed(browser, after_submission):
    """X6."""
    review = page_2(browser)
    assert browser.post(review, TYPED | {"attested": "on"} | hidden(browser.get(review))).status_code == 302
    assert getattr(Draft.objects.get(), after_submission) == {}


class TestSessionOver:
    def test_page_1_comes_back_with_all_twenty_meters(self, browser, member):
        """T10."""
        form = hidden(browser.get(NEW))
        browser.session.flush()
        sent = browser.post(NEW, UNREGISTERED | rows(*TWENTY) | form | {"phone": "not yet"})
        sign_in, page = sign_in_again(browser, member.user, sent["Location"])
        assert "You're no longer signed in, so we haven't sent your form." in page_text(sign_in)
        assert "Delgado" not in sign_in.content.decode() and "Delgado" not in str(browser.cookies)
        assert {name: value(page, name) for name in UNREGISTERED} == UNREGISTERED | {"phone": "not yet"}
        entered = [(row["esiid"].value(), row["meter_number"].value()) for row in page.context["form"].meters]
        assert entered == TWENTY
        assert page.context["problems"] == []

    def test_page_2_comes_back_and_can_be_submitted(self, browser, member):
        """T10."""
        review = page_2(browser)
        form = hidden(browser.get(review))
        browser.session.flush()
        sent = browser.post(review, PAGE_2 | TYPED | form)
        assert not Agreement.objects.exists()
        _sign_in, page = sign_in_again(browser, member.user, sent["Location"])
        assert {name: value(page, name) for name in TYPED} == TYPED
        assert "checked" not in str(page.context["form"]["attested"])  # attested again by whoever signed in
        assert browser.post(review, PAGE_2 | hidden(page)).status_code == 302
        assert Agreement.objects.exists()

    def test_page_1_of_a_change_keeps_page_2_also(self, browser, member):
        """T8, T10."""
        review = page_2(browser)
        change = browser.post(review, TYPED | hidden(browser.get(review)) | {"change": "report"})["Location"]
        change, _hash, _part = change.partition("#")
        form = hidden(browser.get(change))
        browser.session.flush()
        meter = MeterFactory()
        sent = browser.post(change, page_1(meter) | form)
        _sign_in, page = sign_in_again(browser, member.user, sent["Location"])
        address = page.wsgi_request.get_full_path()
        again = browser.post(address, page_1(meter) | hidden(page))
        assert {name: value(browser.get(again["Location"]), name) for name in TYPED} == TYPED
        assert not Draft.objects.unchecked(member.user.pk).exists()

    def test_an_unfinished_form_is_offered_on_an_empty_page_1(self, browser, member):
        """T10: who signs in by another way than the redirect finds it, too."""
        form = hidden(browser.get(NEW))
        browser.session.flush()
        browser.post(NEW, page_1(MeterFactory()) | form)
        browser.force_login(member.user)
        page = browser.get(NEW)
        assert "You have an unfinished form" in page_text(page) and "Delgado" not in page.content.decode()
        assert value(browser.get(page.context["unfinished"]), "last_name") == "Delgado"

    def test_sending_it_twice_makes_one_draft(self, browser):
        form = hidden(browser.get(NEW))
        browser.session.flush()
        for city in ("Dallas", "Houston"):
            browser.post(NEW, page_1(MeterFactory(), city=city) | form)
        assert [draft.entries["city"] for draft in Draft.objects.all()] == ["Houston"]

    def test_what_postgresql_cannot_store_does_not_lose_the_rest(self, browser):
        form = hidden(browser.get(NEW))
        browser.session.flush()
        assert browser.post(NEW, page_1(MeterFactory(), city="Dal\0las") | form).status_code == 302
        assert Draft.objects.get().entries["city"] == "Dallas"


class TestStaleToken:
    def test_after_signing_in_in_another_window_the_form_is_as_it_was(self, browser, member):
        """T10."""
        form = hidden(browser.get(NEW))
        browser.force_login(member.user)
        browser.cookies.pop("csrftoken", None)
        browser.get(NEW)
        sent = browser.post(NEW, page_1(MeterFactory()) | form, follow=True)
        assert "This form had expired, so we haven't sent it." in page_text(sent)
        assert value(sent, "last_name") == "Delgado" and not sent.context["problems"]

    def test_without_the_signed_value_a_foreign_form_keeps_nothing(self, browser):
        """Otherwise another website could fill in drafts."""
        for forged in ("", "x", hidden(browser.get(NEW))["form_owner"] + "x"):
            answer = browser.post(NEW, page_1(MeterFactory()) | {"form_owner": forged})
            assert answer.status_code == 403
        assert not Draft.objects.exists()


class TestSomebodyElse:
    def test_who_signs_in_next_on_this_browser_sees_nothing(self, browser, member):
        """T10."""
        form = hidden(browser.get(NEW))
        browser.session.flush()
        sent = browser.post(NEW, page_1(MeterFactory()) | form)
        for other in (MembershipFactory(company=member.company), MembershipFactory()):
            sign_in = browser.get(sent["Location"])
            browser.force_login(other.user)
            kept = re.search(r'name="next" value="([^"]+)"', sign_in.content.decode())[1]
            assert browser.get(kept).status_code == 404
            assert "unfinished" not in page_text(browser.get(NEW)) and "Delgado" not in page_text(browser.get(NEW))
            browser.logout()

    @pytest.mark.parametrize("csrf_is_stale", [True, False])
    def test_a_form_left_open_by_another_user_is_kept_for_that_user(self, browser, member, csrf_is_stale):
        """T10."""
        form = hidden(browser.get(NEW))
        other = MembershipFactory(company=member.company)
        browser.force_login(other.user)
        token = "stale" if csrf_is_stale else hidden(browser.get(NEW))["csrfmiddlewaretoken"]
        answer = browser.post(NEW, page_1(MeterFactory()) | form | {"csrfmiddlewaretoken": token}, follow=True)
        assert "Another user filled out that form, so we haven't sent it." in page_text(answer)
        assert "Delgado" not in answer.content.decode()
        assert Draft.objects.get().user == member.user and not Agreement.objects.exists()

    def test_no_log_has_what_was_typed(self, browser, caplog):
        """X4."""
        form = hidden(browser.get(NEW))
        browser.session.flush()
        with caplog.at_level(logging.DEBUG):
            browser.post(NEW, page_1(MeterFactory()) | form | {"csrfmiddlewaretoken": "stale"})
        assert Draft.objects.exists()
        python_logs = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
        assert not any("Delgado" in line or form["form_owner"] in line for line in python_logs)


def test_an_unfinished_form_is_deleted_after_a_day(browser):
    """X6, T10."""
    form = hidden(browser.get(NEW))
    browser.session.flush()
    browser.post(NEW, page_1(MeterFactory()) | form)
    delete_old_drafts(at=timezone.now() + timedelta(hours=23))
    assert Draft.objects.exists()
    delete_old_drafts(at=timezone.now() + timedelta(hours=25))
    assert not Draft.objects.exists()
