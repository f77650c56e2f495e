"""Help, error and log-in pages are whole: one heading, a language, nothing inline, links that lead somewhere."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.contrib.staticfiles import finders
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.views import defaults
from pytest_django.fixtures import Settings

from accounts.models import User
from notifications import delivery
from notifications.models import Email
from tests.factories import TdspFactory
from tests.look.reading import Page, read

PUBLIC = [
    ("help", {}, 200),
    ("help_faq", {}, 200),
    ("help_security", {}, 200),
    ("help_account", {}, 200),
    ("account_login", {}, 200),
    ("account_signup", {}, 200),
    ("account_inactive", {}, 200),
    ("account_reset_password", {}, 200),
    ("account_reset_password_done", {}, 200),
    ("account_reset_password_from_key", {"uidb36": "1", "key": "forged"}, 200),
    ("account_reset_password_from_key_done", {}, 200),
    ("account_email_verification_sent", {}, 200),
    ("account_confirm_email", {"key": "forged"}, 200),
]
SIGNED_IN = ["home", "account_email", "account_change_password", "account_reauthenticate", "account_logout"]


def html_of(response: HttpResponseBase) -> bytes:
    assert isinstance(response, HttpResponse)
    return response.content


def whole(response: HttpResponseBase) -> Page:
    """The page of `response`, after every rule that holds for each page was checked."""
    page = read(html_of(response))
    assert page.language in {"en", "es"}
    assert page.title.strip(" -\n")
    assert not page.title.strip().startswith("- ")
    assert (page.h1, page.main) == (1, 1)
    assert page.inline == []
    assert len(page.ids) == len(set(page.ids))
    assert page.same_page <= set(page.ids)
    assert page.described_by <= set(page.ids)
    assert page.links
    for link in page.links:
        parts = urlsplit(link)
        assert parts.netloc == "", f"{link} leads away"
        if parts.path.startswith("/"):
            try:
                resolve(parts.path)
            except Http404 as nowhere:
                raise AssertionError(f"{link} leads nowhere") from nowhere
    for asset in page.assets:
        assert finders.find(asset.removeprefix("/static/")), f"{asset} is missing"
    return page


def letter() -> str:
    """What the reader of the one email gets: the row has a seal where a link is (X5)."""
    email = Email.objects.get()
    return delivery.with_link(email, email.text)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "arguments", "status"), PUBLIC, ids=[name for name, _, _ in PUBLIC])
def test_a_stranger_can_read_it(client: Client, name: str, arguments: dict[str, str], status: int) -> None:
    """T2, A1: no link leads nowhere."""
    response = client.get(reverse(name, kwargs=arguments))
    assert response.status_code == status
    whole(response)


@pytest.mark.django_db
@pytest.mark.parametrize("name", SIGNED_IN)
def test_a_user_without_a_role_has_whole_pages_too(client: Client, name: str) -> None:
    user = User.objects.create_user(
        "dana", "dana@example.net", "an old and long one", first_name="Dana", last_name="Reyes"
    )
    client.force_login(user)
    response = client.get(reverse(name))
    assert response.status_code == 200
    whole(response)
    assert "Dana Reyes" in response.content.decode()


@pytest.mark.django_db
def test_a_user_who_has_no_password_yet_is_led_to_choose_one(client: Client) -> None:
    client.force_login(User.objects.create_user("dana", "dana@example.net"))
    response = client.get(reverse("account_change_password"), follow=True)
    assert response.redirect_chain == [(reverse("account_set_password"), 302)]
    whole(response)


@pytest.mark.django_db
def test_an_address_that_is_changed_waits_until_it_is_confirmed(client: Client) -> None:
    """The address is what requests go to and what is matched (T7): a typing error must not take effect."""
    user = User.objects.create_user("dana", "dana@example.net", "an old and long one")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    client.force_login(user)
    asked = client.post(reverse("account_email"), {"action_add": "", "email": "new@example.net"})
    whole(client.get(asked.headers["Location"]))
    response = client.post(asked.headers["Location"], {"password": "an old and long one"}, follow=True)
    whole(response)
    assert "Waiting for your confirmation" in response.content.decode()
    user.refresh_from_db()
    assert user.email == "dana@example.net"
    link = next(word for word in letter().split() if "confirm-email" in word)
    whole(client.get(link))
    client.post(link)
    user.refresh_from_db()
    assert user.email == "new@example.net"


@pytest.mark.django_db
def test_a_forgotten_password_is_replaced_by_email(client: Client) -> None:
    user = User.objects.create_user("dana", "dana@example.net", "an old and long one")
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = next(word for word in letter().split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    whole(form)
    address = form.redirect_chain[-1][0]
    short = client.post(address, {"password1": "short", "password2": "short"})
    assert whole(short).title.startswith("Error: ")
    new = "a new one that is long enough"
    whole(client.post(address, {"password1": new, "password2": new}, follow=True))
    user.refresh_from_db()
    assert user.check_password(new)


@pytest.mark.django_db
def test_the_links_of_the_help_pages_answer(client: Client) -> None:
    """T2: what a help page links to is there, not only routed to."""
    for name in ("help", "help_faq", "help_security", "help_account"):
        for link in read(client.get(reverse(name)).content).links:
            assert client.get(link).status_code in {200, 302}, link


@pytest.mark.django_db
def test_whom_to_call_about_a_doubtful_email(client: Client) -> None:
    """C7: each utility with its phone, which a telephone can dial."""
    TdspFactory(name="Oncor Electric Delivery", contact_phone="888-313-4747")
    page = client.get(reverse("help_security")).content.decode()
    assert "Oncor Electric Delivery" in page and 'href="tel:+1-888-313-4747"' in page


@pytest.mark.django_db
def test_no_such_page(client: Client) -> None:
    response = client.get("/there/is/no/such/page/")
    assert response.status_code == 404
    whole(response)


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_with_a_next_step() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a", "password": "b"})
    assert response.status_code == 403
    whole(response)
    assert "reload the page" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("view", "status"), [(defaults.bad_request, 400), (defaults.permission_denied, 403)])
def test_refusals_are_whole_pages(rf: RequestFactory, view: Callable[..., HttpResponse], status: int) -> None:
    response = view(rf.get("/"), Exception())
    assert response.status_code == status
    whole(response)


def test_the_page_for_our_own_failure_needs_no_database(rf: RequestFactory) -> None:
    """pytest-django refuses every query here, as a database that is down would."""
    response = defaults.server_error(rf.get("/"))
    assert response.status_code == 500
    whole(response)


@pytest.mark.django_db
def test_a_wrong_form_says_so_in_the_title_in_a_summary_and_at_the_field(client: Client) -> None:
    """A2: and what was typed is kept."""
    response = client.post(reverse("account_login"), {"login": "dana.reyes", "password": ""})
    page = whole(response)
    html = response.content.decode()
    assert page.title.startswith("Error: ")
    assert {"id_password", "main"} <= page.same_page
    assert "id_password_error" in page.described_by
    assert "id_login" in page.labels
    assert 'value="dana.reyes"' in html


@pytest.mark.django_db
def test_signing_out_takes_a_click_and_leads_to_the_log_in_page(client: Client) -> None:
    client.force_login(User.objects.create_user("dana"))
    assert client.get(reverse("account_logout")).status_code == 200
    assert client.post(reverse("account_logout")).headers["Location"] == reverse("account_login")


@pytest.mark.django_db
def test_the_help_pages_say_what_the_settings_say(client: Client) -> None:
    """L2, L5, R5: promises in words come from the rules themselves."""
    faq = client.get(reverse("help_faq")).content.decode()
    assert "30 days. The email" in faq
    assert "Up to 3 times in 365 days" in faq
    assert "For 60 days after it was made" in faq


@pytest.mark.django_db
def test_the_demo_says_that_no_mail_is_real_and_production_does_not(client: Client, settings: Settings) -> None:
    """E4."""
    settings.MAILBOX_DIR = "somewhere"
    assert "emails stay here" in client.get(reverse("help")).content.decode()
    settings.MAILBOX_DIR = ""
    assert "emails stay here" not in client.get(reverse("help")).content.decode()
