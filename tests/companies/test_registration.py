"""A company registers, its administrator's email is confirmed, an operator approves it (T13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.urls import reverse
from django.utils import timezone

from accounts.models import RateLimitHit, User
from companies import links, registration
from companies.models import Company, CompanyLink, Membership
from notifications.models import Email
from tests.factories import CompanyFactory, CompanyLinkFactory, MembershipFactory, OperatorFactory, UserFactory
from tests.support.company_links import (
    OWNER,
    ask_to_join,
    company_form,
    confirm,
    email_kinds_to,
    last_link_to,
    link_token,
    register_company,
)
from tests.support.registration import PASSWORD, log_in

pytestmark = pytest.mark.django_db


def test_company_registers_confirms_and_waits_and_its_administrator_signs_in(client):
    """T13"""
    operator = OperatorFactory()
    assert register_company(client).headers["Location"] == reverse("company_register_sent")
    assert "3 days" in client.get(reverse("company_register_sent")).content.decode()
    assert not Company.objects.exists() and not User.objects.filter(username="ana.reyna").exists()
    log_in(client, "ana.reyna")
    assert "_auth_user_id" not in client.session, "no sign-in before the confirmation"

    assert "Your company is registered" in confirm(client).content.decode()

    company = Company.objects.get()
    assert (company.legal_name, company.duns, company.standing) == ("Caddo Solar LLC", "987654321", "pending")
    assert (str(company.phone), company.privacy_policy_url) == (
        "+1 903-555-0100",
        "https://caddo-solar.example/privacy",
    )
    member = Membership.objects.get()
    assert member.permissions == set(Membership.PERMISSIONS) and member.approved_at
    assert (member.user.email, str(member.user.phone)) == (OWNER, "+1 903-555-0101")
    assert email_kinds_to(operator.email) == ["COMPANY_REGISTERED"]
    assert log_in(client, "ana.reyna").headers["Location"] == reverse("home")
    for name in ("home", "company", "company_users", "company_approvals"):
        assert "Your company is waiting for approval" in client.get(reverse(name)).content.decode(), name
    refused = client.get(reverse("agreement_new"))
    assert refused.status_code == 403 and "waiting for approval" in refused.content.decode()


def test_entered_data_is_cleared_once_the_company_exists(client):
    """X6: the waiting row held a password's hash."""
    register_company(client)
    assert identify_hasher(CompanyLink.objects.get().answers["person"]["password"])
    assert PASSWORD not in str(CompanyLink.objects.get().answers)
    confirm(client)
    assert CompanyLink.objects.get().answers == {}


@pytest.mark.parametrize("method", ["get", "head"])
def test_mail_scanner_that_follows_the_link_registers_nothing(client, method):
    """T13: a GET changes nothing."""
    register_company(client)
    for _ in range(3):
        page = getattr(client, method)(last_link_to("COMPANY_CONFIRM", OWNER))
        assert page.status_code == 200
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow" and "no-store" in page.headers["Cache-Control"]
    assert not Company.objects.exists() and not User.objects.exists()


def test_link_works_once_and_says_so_afterwards(client):
    register_company(client)
    confirm(client)
    again = confirm(client)
    assert again.status_code == 410 and "already been used" in again.content.decode()
    assert Company.objects.count() == User.objects.count() == 1


def test_unconfirmed_registration_expires_after_three_days_and_is_deleted_later(client):
    """T13, X6: what a stranger typed goes with the link, the row a month later."""
    register_company(client)
    link, at = last_link_to("COMPANY_CONFIRM", OWNER), timezone.now()
    CompanyLink.objects.update(expires_at=at - timedelta(seconds=1))
    for ask_for in (client.get, client.post):
        late = ask_for(link)
        assert late.status_code == 410 and reverse("company_register") in late.content.decode()
    assert not Company.objects.exists()
    links.delete_old_links(at=at)
    assert CompanyLink.objects.get().answers == {}
    assert links.delete_old_links(at=at + settings.COMPANY_LINK_RETENTION) == 1
    gone = client.get(link)
    assert gone.status_code == 404 and "part of it is missing" in gone.content.decode()


def test_only_the_hash_of_a_links_token_is_stored(client):
    """X5"""
    register_company(client)
    link = CompanyLink.objects.get()
    token = link_token(link)
    assert token in last_link_to("COMPANY_CONFIRM", OWNER)
    kept = " ".join(str(value) for value in CompanyLink.objects.values_list().get())
    queued = Email.objects.get()
    assert token not in kept + queued.text + queued.html


def known_email() -> dict[str, str]:
    UserFactory(email=OWNER.title())
    return {}


def known_duns() -> dict[str, str]:
    CompanyFactory(duns="987654321")
    return {}


@pytest.mark.parametrize("known", [known_email, known_duns])
def test_known_email_or_company_is_revealed_only_in_the_email(client, known):
    """T13: the page is no oracle."""
    fresh = register_company(client, user_email="x@other.example", user_email_again="x@other.example", duns="111111111")
    taken = register_company(client, **known())
    assert (taken.status_code, taken.headers["Location"]) == (fresh.status_code, fresh.headers["Location"])
    assert email_kinds_to(OWNER) == ["COMPANY_KNOWN"]
    assert CompanyLink.objects.count() == 1


def test_first_emails_contain_nothing_that_a_stranger_typed(client):
    """X2: a form that anybody can send to any address must not write anybody's words into our email."""
    register_company(client, legal_name="Call 900-555-0199", first_name="Winner")
    ask_to_join(client, "Call 900-555-0199", first_name="Winner")
    for email in Email.objects.all():
        for words in (email.subject, email.text, email.html):
            assert "Winner" not in words and "900-555" not in words
    assert Email.objects.count() == 2


def test_first_of_two_registrations_to_be_confirmed_wins(client):
    """T13"""
    register_company(client)
    other = "bob@caddo-solar.example"
    register_company(client, user_email=other, user_email_again=other, username="bob")
    assert "Your company is registered" in confirm(client, other).content.decode()
    late = confirm(client)
    assert late.status_code == 409 and reverse("company_join") in late.content.decode()
    assert Company.objects.count() == Membership.objects.count() == User.objects.count() == 1
    assert set(CompanyLink.objects.values_list("ended_as", flat=True)) == {"done", "failed"}


def test_taken_user_id_is_named_and_everything_else_is_kept(client):
    """A2"""
    UserFactory(username="Ana.Reyna")
    page = register_company(client).content.decode()
    assert "This User ID is already taken. Enter a different one." in page
    for kept in ("Caddo Solar LLC", "98-765-4321", OWNER, "75670"):
        assert f'value="{kept}"' in page
    assert PASSWORD not in page
    assert not Email.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("duns", "12345678", "Enter a DUNS number with 9 or 13 digits."),
        ("duns", "12345678A", "Enter a DUNS number with 9 or 13 digits."),
        ("privacy_policy_url", "javascript:alert(1)", "Enter a web address such as"),
        ("privacy_policy_url", "ftp://example.com/", "Enter a web address such as"),
        ("legal_name", "Caddo\u202eSolar", "the invisible character"),
        ("zip_code", "7567", "Enter a ZIP code with 5 or 9 digits"),
        ("phone", "12", "Enter a phone number with area code in “Company phone”"),
        ("user_email_again", "other@caddo-solar.example", "Correct the one"),
        ("password2", "another", "Enter both again."),
        ("username", "ceo@example.com", "3 to 60 characters"),
        ("user_phone", "", "Enter your phone number."),
    ],
)
def test_invalid_field_of_the_registration_is_named(client, field, value, sentence):
    """A2"""
    answer = register_company(client, **{field: value})
    assert sentence in str(answer.context["form"].errors[field])
    assert not Email.objects.exists()


@pytest.mark.parametrize("password", ["caddo solar llc 1", "ana.reyna2026 ana", "smart meter texas"])
def test_password_made_of_the_companys_or_the_users_data_is_refused(client, password):
    answer = register_company(client, password1=password, password2=password)
    assert "password1" in answer.context["form"].errors


def test_emails_to_an_address_and_forms_of_a_network_are_limited(client):
    """X2: and the form says when the next one goes out."""
    for number in range(settings.COMPANY_EMAILS_PER_ADDRESS):
        assert register_company(client, username=f"ana{number}").status_code == 302
    refused = register_company(client, username="ana.six").content.decode()
    assert "sent several emails to this address today." in refused
    RateLimitHit.objects.all().delete()
    for number in range(settings.COMPANY_FORMS_PER_NETWORK_ADDRESS):
        address = f"person{number}@caddo-solar.example"
        register_company(client, username=f"p{number}xx", user_email=address, user_email_again=address)
    refused = register_company(client, username="last").content.decode()
    assert "Too many forms were sent from your network today." in refused
    fresh = company_form(username="last", user_email="z@z.example", user_email_again="z@z.example")
    elsewhere = client.post(reverse("company_register"), fresh, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 302, "another network is not held up by it"


def test_probing_for_user_ids_is_limited(client):
    """X2: a refused form counts, too."""
    UserFactory(username="taken")
    for _ in range(settings.COMPANY_FORMS_PER_NETWORK_ADDRESS):
        assert "This User ID is already taken" in register_company(client, username="taken").content.decode()
    last = register_company(client, username="taken").content.decode()
    assert "This User ID is already taken" not in last and "Too many forms" in last


@pytest.mark.control
def test_control_without_the_limit_user_ids_can_be_probed(client, monkeypatch):
    monkeypatch.setattr(registration, "count_public_form", lambda *args, **options: None)
    UserFactory(username="taken")
    for _ in range(settings.COMPANY_FORMS_PER_NETWORK_ADDRESS + 1):
        assert "This User ID is already taken" in register_company(client, username="taken").content.decode()


def test_signed_in_user_reads_that_an_account_has_one_company(client):
    client.force_login(MembershipFactory().user)
    for name in ("company_register", "company_join"):
        page = client.get(reverse(name)).content.decode()
        assert "You already have an account" in page and "<form method" not in page.split("<main")[1]
        assert client.post(reverse(name), {}).status_code == 200
    assert not Email.objects.exists()


def test_links_open_only_pages_of_their_kind(client):
    """T13: an invitation's token is no confirmation of a registration."""
    token = link_token(CompanyLinkFactory())
    assert client.get(reverse("company_invitation", args=[token])).status_code == 200
    for name in ("company_confirm", "company_join_confirm", "register_confirm", "invitation"):
        assert client.post(reverse(name, args=[token])).status_code in (404, 410)
    assert not User.objects.filter(membership__isnull=False).exists()
