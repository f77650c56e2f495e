"""The second factor: forced on third parties' users and staff, kept encrypted, and its demo setting said (X3)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.second_factor import SecondFactorAdapter
from local.addresses import ROOT
from notifications.models import Email
from scripts.check_production import PRODUCTION
from tests.factories import (
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    OperatorFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.registration import PASSWORD, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MUST = {
    "member": lambda: MembershipFactory().user,
    "member who waits for approval": lambda: MembershipFactory(approved_at=None).user,
    "operator": lambda: OperatorFactory(),
    "TDSP staff": lambda: UserFactory(is_staff=True, tdsp=TdspFactory()),
}
MAY = {"customer": lambda: CustomerFactory().user, "no role": lambda: UserFactory()}


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR_REQUIRED = True


def _with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def frozen_clock():
    """Keep a code valid: without it, the half minute may end between two reads of the clock."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("role", MUST)
@pytest.mark.parametrize("name", ["home", "agreements", "agreement_new", "admin:index", "account_email", "register"])
def test_users_who_lack_a_required_factor_are_redirected_to_set_one_up(client, required, role, name):
    """X3"""
    client.force_login(MUST[role]())
    answer = client.get(reverse(name))
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("mfa_index"))
    assert client.post(reverse(name)).status_code == 302
    setup = client.get(reverse("mfa_index")).content.decode()
    assert "Set up two-step sign-in first" in setup
    assert reverse("mfa_activate_totp") in setup


@pytest.mark.parametrize("name", ["mfa_index", "account_reauthenticate", "account_logout", "help", "help_faq"])
def test_set_up_help_and_sign_out_stay_open(client, required, name):
    client.force_login(_with_password(MUST["member"]()))
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("role", MAY)
def test_a_second_factor_is_optional_for_customers(client, required, role):
    """X3"""
    client.force_login(MAY[role]())
    assert client.get(reverse("home"), follow=True).status_code == 200
    assert "Set up two-step sign-in first" not in client.get(reverse("mfa_index")).content.decode()


@pytest.mark.control
def test_control_with_the_setting_off_no_one_is_redirected(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(MUST["member"]())
    assert client.get(reverse("agreements")).status_code == 200


def test_an_app_is_set_up_announced_by_email_and_asked_for_at_sign_in(
    client, required, frozen_clock, django_capture_on_commit_callbacks
):
    """X3"""
    user = _with_password(MUST["member"]())
    log_in(client, user.username)
    step = client.get(reverse("mfa_activate_totp"))
    client.post(step.headers["Location"], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        codes = client.post(reverse("mfa_activate_totp"), {"code": _code(secret)}, follow=True)
    assert codes.status_code == 200
    assert len(re.findall(r"\b\d{8}\b", codes.content.decode())) >= 10
    assert client.get(reverse("agreements")).status_code == 200
    assert Email.objects.filter(kind="ACCOUNT_CHANGED", to_address=user.email).exists()

    cache.clear()  # a code is good once; the test does not wait for the next half minute
    again = Client()
    assert log_in(again, user.username).headers["Location"] == reverse("mfa_authenticate")
    assert again.get(reverse("agreements")).status_code == 302
    assert again.get(reverse("mfa_authenticate")).status_code == 200
    wrong = again.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "The code is incorrect" in wrong.content.decode()
    again.post(reverse("mfa_authenticate"), {"code": _code(secret)})
    assert again.get(reverse("agreements")).status_code == 200


@pytest.fixture
def app_activated_with_code(client, required, frozen_clock):
    """A user whose app was activated this half minute: the user ID and the code."""
    user = _with_password(MUST["member"]())
    log_in(client, user.username)
    step = client.get(reverse("mfa_activate_totp"))
    client.post(step.headers["Location"], {"password": PASSWORD})
    code = _code(client.get(reverse("mfa_activate_totp")).context["form"].secret)
    client.post(reverse("mfa_activate_totp"), {"code": code})
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    return user.username, code


def _is_let_in_with(username: str, code: str) -> bool:
    browser = Client()
    log_in(browser, username)
    browser.post(reverse("mfa_authenticate"), {"code": code})
    return browser.get(reverse("agreements")).status_code == 200


def test_the_code_that_activates_an_app_opens_no_session(app_activated_with_code):
    """X3: whoever looks over a shoulder has no half minute."""
    username, code = app_activated_with_code
    assert not _is_let_in_with(username, code)
    assert not _is_let_in_with(username, f"{code[:3]} {code[3:]}")


@pytest.mark.control
def test_control_with_djangos_form_the_activating_code_opens_a_session(settings, request):
    settings.MFA_FORMS = {name: form for name, form in settings.MFA_FORMS.items() if name != "activate_totp"}
    assert _is_let_in_with(*request.getfixturevalue("app_activated_with_code"))


def test_a_code_opens_one_session(app_activated_with_code):
    """X3."""
    username, code = app_activated_with_code
    cache.clear()  # as if another code had activated it
    assert _is_let_in_with(username, code)
    assert not _is_let_in_with(username, code)


def test_a_recovery_code_signs_in_once(client, required):
    user = _with_password(MUST["operator"]())
    TOTP.activate(user, generate_totp_secret())
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    log_in(client, user.username)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert client.get(reverse("admin:index")).status_code == 200
    second = Client()
    log_in(second, user.username)
    second.post(reverse("mfa_authenticate"), {"code": code})
    assert second.get(reverse("admin:index")).status_code == 302


def test_the_admin_has_no_sign_in_page_of_its_own(client, required):
    """X3: the admin's own form would ask for no second factor."""
    user = _with_password(MUST["operator"]())
    TOTP.activate(user, generate_totp_secret())
    response = client.get(reverse("admin:login"))
    assert response.headers["Location"].startswith(reverse("account_login"))
    client.post(reverse("admin:login"), {"username": user.username, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_the_last_required_factor_cannot_be_removed(client, required, settings):
    """X3"""
    user = MUST["member"]()
    app = TOTP.activate(user, generate_totp_secret()).instance
    assert not SecondFactorAdapter().can_delete_authenticator(app)
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    assert SecondFactorAdapter().can_delete_authenticator(app)
    customers = TOTP.activate(MAY["customer"](), generate_totp_secret()).instance
    assert SecondFactorAdapter().can_delete_authenticator(customers)


def test_the_database_contains_no_readable_secret(frozen_clock):
    """X3: a copy of the database makes no code, neither of apps nor of recovery codes."""
    secret, user = generate_totp_secret(), UserFactory()
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert secret not in stored
    seed = SecondFactorAdapter().decrypt(json.loads(json.dumps(codes.instance.data))["seed"])
    assert seed not in stored
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(_code(secret))


@pytest.mark.control
def test_control_without_encryption_the_secret_is_readable(monkeypatch):
    monkeypatch.setattr(SecondFactorAdapter, "encrypt", lambda self, text: text)
    secret = generate_totp_secret()
    TOTP.activate(UserFactory(), secret)
    assert Authenticator.objects.get().data["secret"] == secret


def test_the_first_key_encrypts_and_every_key_decrypts(settings):
    old, new = "an old key " * 6, "a new key " * 6
    settings.MFA_KEY = old
    kept = SecondFactorAdapter().encrypt("secret")
    settings.MFA_KEY = f"{new},{old}"
    assert SecondFactorAdapter().decrypt(kept) == "secret"
    fresh = SecondFactorAdapter().encrypt("secret")
    settings.MFA_KEY = new
    assert SecondFactorAdapter().decrypt(fresh) == "secret"
    with pytest.raises(InvalidToken):
        SecondFactorAdapter().decrypt(kept)


def test_the_sign_in_page_says_that_no_second_factor_is_required(client, settings):
    """X3"""
    for required, said in [(False, True), (True, False)]:
        settings.SECOND_FACTOR_REQUIRED = required
        page = client.get(reverse("account_login")).content.decode()
        assert ("Two-step sign-in is off in this demo" in page) is said


@pytest.mark.fault
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECOND_FACTOR_REQUIRED": "false"}, "SECOND_FACTOR_REQUIRED is off"),
        ({"MFA_KEY": ""}, "MFA_KEY is not set"),
        ({"MFA_KEY": "short"}, "at least 50 random characters"),
        ({"MFA_KEY": "x" * 60 + ",short"}, "at least 50 random characters"),
    ],
)
def test_production_does_not_start_without_the_requirement(change, sentence):
    """A4"""
    command = [sys.executable, "-c", "import smt_portal.settings"]
    environment = PRODUCTION | {"PATH": os.environ["PATH"]} | change
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_every_page_of_the_second_factor_renders(client, required):
    user = _with_password(EsiidClaimFactory().customer.user)
    client.force_login(user)
    step = client.get(reverse("mfa_add_webauthn"))
    assert client.get(step.headers["Location"]).status_code == 200
    client.post(step.headers["Location"], {"password": PASSWORD})
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    for page in ("mfa_add_webauthn", "mfa_list_webauthn", "mfa_index", "mfa_view_recovery_codes"):
        answer = client.get(reverse(page))
        assert answer.status_code == 200, page
        assert 'class="nav"' in answer.content.decode()
    for page in ("mfa_generate_recovery_codes", "mfa_deactivate_totp", "mfa_reauthenticate"):
        assert client.get(reverse(page)).status_code == 200, page
    assert client.get(reverse("mfa_download_recovery_codes")).headers["Content-Type"].startswith("text/plain")


def test_an_operator_removes_a_lost_factor_and_its_owner_is_emailed(client):
    """X3: the owner sets up another one after the next sign-in."""
    user = MUST["member"]()
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    client.force_login(OperatorFactory())
    chosen = {"action": "remove_second_factor", "_selected_action": [user.pk]}
    client.post(reverse("admin:accounts_user_changelist"), chosen)
    assert not Authenticator.objects.filter(user=user).exists()
    assert "turned off your two-step sign-in" in Email.objects.get(to_address=user.email).text


def test_a_tdsps_staff_cannot_remove_a_factor(client):
    """X3, D1"""
    user = MUST["member"]()
    TOTP.activate(user, generate_totp_secret())
    client.force_login(UserFactory(is_staff=True, is_superuser=True, tdsp=TdspFactory()))
    chosen = {"action": "remove_second_factor", "_selected_action": [user.pk]}
    assert client.post(reverse("admin:accounts_user_changelist"), chosen).status_code in (302, 403)
    assert Authenticator.objects.filter(user=user).exists()
