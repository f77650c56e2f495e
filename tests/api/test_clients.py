"""My Account / API: who makes clients and keys, and what becomes of them (P1 to P6)."""

from __future__ import annotations

import re
import time
import uuid
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from api import clients, tasks
from api.models import ApiClient, ApiKey
from companies.models import Company, CompanyStanding, Membership
from companies.trust.people import is_company_mailbox
from lib.refusals import Refused
from notifications.models import Email
from tests.factories import MembershipFactory, OperatorFactory
from tests.pages.states.account import again
from tests.support.api import PROFILE, make_program
from tests.support.company_links import email_kinds_to
from tests.support.registration import PASSWORD, log_in

pytestmark = pytest.mark.django_db
FORM = {
    "name": "CRM",
    "contact_name": "James Wilson",
    "contact_phone": "512-555-0101",
    "contact_email": "james@green-energy.example",
    "scopes": ["agreements:read", "agreements:write"],
    "allowed_networks": "203.0.113.7\n2001:db8::/48",
    "environment": "live",
    "key_days": "90",
}


@pytest.fixture
def administrator(client) -> Membership:
    """An administrator who gave the password again a moment ago."""
    member = MembershipFactory(is_administrator=True)
    again(client, member.user, reverse("home"))
    return member


def create(client, **changes):
    return client.post(reverse("api_client_new"), FORM | {"form_id": str(uuid.uuid4())} | changes)


def key_on(page) -> str:
    (text,) = re.findall(r"smtp_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}", page.content.decode())
    return text


def test_a_client_is_created_and_its_key_shown_once(client, administrator):
    """P1, P4, P5: the page after the form has the key, and no other page has it."""
    page = create(client)
    text = key_on(page)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    made = ApiClient.objects.get()
    assert made.allowed_networks == ["203.0.113.7/32", "2001:db8::/48"]
    assert made.scopes == ["agreements:read", "agreements:write"]
    assert made.company == administrator.company and made.created_by == administrator.user
    key = made.keys.get()
    assert timedelta(days=89) < key.expires_at - timezone.now() <= timedelta(days=90)
    for name, args in (("api_clients", []), ("api_client", [made.pk])):
        other = client.get(reverse(name, args=args)).content.decode()
        assert text not in other and made.client_id in other
    answer = Client().get("/api/v1/me", headers={"authorization": f"Bearer {text}"}, REMOTE_ADDR="203.0.113.7")
    assert answer.json()["client"]["id"] == made.client_id
    history = client.get(reverse("company")).content.decode()
    assert "API client created: API client CRM" in history and str(key) in history


def test_a_page_that_is_sent_twice_creates_one_key(client, administrator):
    """P5: a reload shows no second key."""
    form_id = str(uuid.uuid4())
    create(client, form_id=form_id)
    repeated = create(client, form_id=form_id, name="CRM 2")
    assert "already been created" in repeated.content.decode()
    assert ApiKey.objects.count() == ApiClient.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Enter a name for the API client."),
        ({"scopes": []}, "Choose at least one permission."),
        ({"scopes": ["everything"]}, "everything"),
        ({"allowed_networks": "10.0.0.0/40"}, "such as 203.0.113.0/24"),
        ({"allowed_networks": " ".join(f"203.0.113.{n}" for n in range(21))}, "Enter 20 networks or fewer."),
        ({"key_days": "9999"}, "Choose a period from the list."),
    ],
)
def test_mistakes_of_the_form_are_named(client, administrator, change, words):
    """A2."""
    assert words in create(client, **change).content.decode().replace("&#x27;", "'")
    assert not ApiClient.objects.exists()


def test_a_client_never_has_more_than_who_gives_it(client, administrator):
    """P2."""
    Membership.objects.filter(pk=administrator.pk).update(may_initiate=False)
    assert "give only permissions that you have" in create(client).content.decode()
    create(client, scopes=["agreements:read"])
    made = ApiClient.objects.get()
    edit = reverse("api_client_edit", args=[made.pk])
    client.post(edit, FORM)
    made.membership.refresh_from_db()
    assert made.membership.permissions == {"may_view"}


def test_a_change_applies_to_the_key_at_once(client, administrator):
    """P2: and is in the company's history."""
    program = make_program(administrator=administrator)
    address = reverse("api_client_edit", args=[program.client.pk])
    assert 'value="CRM"' in client.get(address).content.decode()
    client.post(address, FORM | {"scopes": ["agreements:read"], "allowed_networks": "", "name": "CRM Dallas"})
    me = program.get("/me").json()
    assert me["scopes"] == ["agreements:read"] and me["client"]["name"] == "CRM Dallas"
    history = client.get(reverse("company")).content.decode()
    assert "API client changed: API client CRM Dallas" in history and "Can no longer: " in history
    unchanged = FORM | {"scopes": ["agreements:read"], "allowed_networks": "", "name": "CRM Dallas"}
    assert "Nothing has changed." in client.post(address, unchanged, follow=True).content.decode()


def test_two_clients_have_two_names_and_a_company_has_so_many(client, administrator, settings):
    """P1."""
    settings.API_CLIENTS_PER_COMPANY = 2
    create(client)
    assert "API client with this name" in create(client, name="crm").content.decode()
    create(client, name="Billing")
    assert "too many API clients" in create(client, name="Third").content.decode()
    assert ApiClient.objects.count() == 2


def test_a_key_is_replaced_without_a_break(client, administrator):
    """P6."""
    program = make_program(administrator=administrator)
    address = reverse("api_key_new", args=[program.client.pk])
    assert "How long the old key keeps working" in client.get(address).content.decode()
    form = {"key_days": "365", "overlap_hours": "24", "form_id": str(uuid.uuid4())}
    text = key_on(client.post(address, form))
    assert program.get("/me").status_code == 200
    old = ApiKey.objects.get(pk=program.key.pk)
    assert old.replaced_at and timedelta(hours=23) < old.expires_at - timezone.now() <= timedelta(hours=24)
    third = client.post(address, form | {"form_id": str(uuid.uuid4())})
    assert "two active keys" in third.content.decode()
    page = client.get(address).content.decode()
    assert "two active keys" in page and "How long the old key keeps working" not in page
    client.post(reverse("api_key_revoke", args=[program.client.pk, old.pk]))
    assert program.get("/me").status_code == 401
    program.token = text
    assert program.get("/me").status_code == 200
    page = client.get(reverse("api_client", args=[program.client.pk])).content.decode()
    assert "Revoked" in page and "Key revoked." in page


def test_a_client_is_turned_off_for_good(client, administrator):
    """P1."""
    program = make_program(administrator=administrator)
    address = reverse("api_client_disable", args=[program.client.pk])
    assert "turned on again" in client.get(address).content.decode()
    assert program.get("/me").status_code == 200
    client.post(address)
    assert program.get("/me").status_code == 401
    page = client.get(reverse("api_client", args=[program.client.pk])).content.decode()
    assert "has been turned off" in page and reverse("api_key_new", args=[program.client.pk]) not in page
    for name in ("api_client_edit", "api_key_new", "api_client_disable"):
        assert client.get(reverse(name, args=[program.client.pk])).status_code == 404
    with pytest.raises(Refused):
        clients.change_client(program.client, PROFILE, by=administrator.user)


def test_what_is_another_companys_does_not_exist(client, administrator):
    """P4: also before the second factor."""
    other = make_program()
    pages = [("api_client", []), ("api_client_edit", []), ("api_key_new", []), ("api_client_disable", [])]
    pages += [("api_key_revoke", [other.key.pk])]
    for visitor in (client, Client()):
        visitor.force_login(administrator.user)
        for name, more in pages:
            assert visitor.get(reverse(name, args=[other.client.pk, *more])).status_code == 404, name
            assert visitor.post(reverse(name, args=[other.client.pk, *more])).status_code in (404, 405), name
    own = make_program(administrator=administrator)
    assert client.get(reverse("api_key_revoke", args=[own.client.pk, other.key.pk])).status_code == 404


@pytest.mark.parametrize("standing", CompanyStanding.values)
def test_who_may_manage_in_which_standing(client, administrator, standing):
    """P4: only administrators; of a suspended company they can still end keys and clients."""
    program = make_program(administrator=administrator)
    Company.objects.update(standing=standing)
    created = create(client, name="Another")
    assert created.status_code == (403 if standing == CompanyStanding.SUSPENDED else 200)
    assert client.get(reverse("api_clients")).status_code == 200
    revoke = reverse("api_key_revoke", args=[program.client.pk, program.key.pk])
    assert client.get(revoke).status_code == 200
    user = MembershipFactory(company=administrator.company)
    again(client, user.user, reverse("home"))
    for name, args in (("api_clients", []), ("api_client_new", []), ("api_client", [program.client.pk])):
        assert client.get(reverse(name, args=args)).status_code == 403
    assert client.post(revoke).status_code == 403
    assert "api" not in re.findall(r'href="/third-party/(\w+)/', client.get("/").content.decode())
    with pytest.raises(PermissionDenied):
        clients.revoke_key(program.key, by=user.user)


def test_the_second_factor_is_asked_again_after_fifteen_minutes(client):
    """P4: the password is not enough for a user with a second factor."""
    member = MembershipFactory(is_administrator=True)
    address = reverse("api_client_new")
    again(client, member.user, address)
    assert client.get(address).status_code == 200
    TOTP.activate(member.user, generate_totp_secret())
    RecoveryCodes.activate(member.user)
    answer = client.get(address)
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert create(client).status_code == 302 and not ApiClient.objects.exists()
    code = RecoveryCodes(RecoveryCodes.activate(member.user).instance).get_unused_codes()[0]
    answer = client.post(f"{reverse('mfa_reauthenticate')}?next={address}", {"code": code})
    assert answer["Location"] == address and client.get(address).status_code == 200
    with time_machine.travel(time.time() + 14 * 60):
        assert client.get(address).status_code == 200
    with time_machine.travel(time.time() + 16 * 60):
        assert client.get(address).status_code == 302


def test_a_program_cannot_sign_in(client, settings, program):
    """P1: by no way that a person has, and no mail is sent to its address."""
    user = program.user
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=True)
    assert not log_in(client, user.username).wsgi_request.user.is_authenticated
    assert not log_in(client, user.username, program.issued.text).wsgi_request.user.is_authenticated
    User.objects.filter(pk=user.pk).update(password=Membership.objects.get(pk=program.administrator.pk).user.password)
    user.set_password(PASSWORD)
    user.save()
    assert not log_in(client, user.username).wsgi_request.user.is_authenticated
    assert authenticate(RequestFactory().get("/"), username=user.username, password=PASSWORD) is None
    client.force_login(user)
    assert client.get(reverse("company")).status_code == 302
    assert isinstance(client.get(reverse("home")).wsgi_request.user, AnonymousUser)
    client.post(reverse("account_reset_password"), {"email": user.email})
    assert not Email.objects.filter(to_address__iexact=user.email).exists() and not mail.outbox
    assert client.get("/admin/").status_code == 302


def test_a_program_is_no_user_of_the_company(client, administrator):
    """P1: on no list of users, in no mail to administrators, and no person of the company."""
    program = make_program(administrator=administrator)
    page = client.get(reverse("company_users")).content.decode()
    assert program.user.email not in page and program.client.client_id not in page
    assert client.get(reverse("company_user", args=[program.client.membership_id])).status_code == 404
    assert list(administrator.company.administrators()) == [administrator.user]
    assert not is_company_mailbox(program.user.email)


def test_administrators_are_told_before_a_key_expires(administrator):
    """P6: 30 and 7 days before, once each; not of a key that was replaced."""
    program = make_program(administrator=administrator)
    tasks.notify_of_expiring_keys()
    assert email_kinds_to(administrator.user.email) == []
    for days in (29, 28, 6, 5):
        ApiKey.objects.update(expires_at=timezone.now() + timedelta(days=days))
        tasks.notify_of_expiring_keys()
    assert email_kinds_to(administrator.user.email) == ["API_KEY_EXPIRING"] * 2
    text = Email.objects.filter(kind="API_KEY_EXPIRING").first().text
    assert str(program.key) in text and "CRM" in text
    assert "you choose how long the old key keeps working" in text and "suspended" not in text
    new = clients.replace_own_key(program.key, overlap=timedelta(days=3)).key
    ApiKey.objects.filter(pk=new.pk).update(expires_at=timezone.now() + timedelta(days=300))
    tasks.notify_of_expiring_keys()
    assert email_kinds_to(administrator.user.email) == ["API_KEY_EXPIRING"] * 2


def test_emails_about_keys_ask_a_suspended_company_for_nothing_that_it_cannot_do(client, program):
    """P6, P8, L9: new keys come after the suspension."""
    Company.objects.update(standing=CompanyStanding.SUSPENDED)
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(days=6))
    tasks.notify_of_expiring_keys()
    clients.revoke_leaked_key(program.issued.text)
    emails = Email.objects.filter(kind__in=["API_KEY_EXPIRING", "API_KEY_REVOKED"])
    assert len(emails) == 2
    for part in [part for email in emails for part in (email.text, unescape(email.html))]:
        assert "You can create a new key on My Account / API when it's approved again." in part
        assert "how long the old key" not in part and "Then create a new key" not in part
    client.force_login(program.administrator.user)
    ApiClient.objects.update(disabled_at=timezone.now())
    page = client.get(reverse("api_client", args=[program.client.pk])).content.decode()
    assert "none of its keys work" in page and "create a new API client" not in page


def test_a_suspended_company_is_not_told_to_create_a_client(client):
    """P4."""
    administrator = MembershipFactory(is_administrator=True)
    client.force_login(administrator.user)
    assert "Create one for each system" in client.get(reverse("api_clients")).content.decode()
    Company.objects.update(standing=CompanyStanding.SUSPENDED)
    page = client.get(reverse("api_clients")).content.decode()
    assert "Create one for each system" not in page and "You can create one when" in page
    assert "Your own software can create agreements" not in page


def test_operators_see_clients_and_turn_them_off(client, program):
    """P4: never a key; the company is told."""
    operator = OperatorFactory()
    client.force_login(operator)
    listed = client.get(reverse("admin:api_apiclient_changelist")).content.decode()
    assert "CRM" in listed and program.client.client_id in listed
    page = client.get(reverse("admin:api_apiclient_change", args=[program.client.pk])).content.decode()
    assert program.key.prefix in page and program.issued.text not in page and program.key.key_hash not in page
    assert "(512) 555-0101" in page
    action = {"action": "turn_off", "_selected_action": [program.client.pk]}
    client.post(reverse("admin:api_apiclient_changelist"), action)
    assert program.get("/me").status_code == 401
    assert email_kinds_to(program.administrator.user.email) == ["API_CLIENT_DISABLED"]
    users = client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert program.client.client_id not in users and program.administrator.user.username in users
    company = client.get(reverse("admin:companies_company_change", args=[program.company.pk])).content.decode()
    assert program.administrator.user.email in company
    users = client.get(reverse("admin:companies_membership_changelist")).content.decode()
    assert program.administrator.user.email in users
    assert company.count("Change permissions") == 1 and program.client.client_id not in users
