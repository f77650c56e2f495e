"""Test data is nowhere but with test keys: not with staff, customers, imports, figures or mail servers (V15)."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agreements import consent_review
from agreements.models import Agreement, FailedMatch
from api.models import ApiEvent, ApiKey, Environment, IdempotencyKey, SandboxPremise, SandboxStep
from api.publisher import publish_events
from api.sandbox import retention, steps
from api.sandbox.scenarios import SCENARIOS, meter_number_of
from companies.models import Company, CompanyFingerprint, CompanyStanding
from customers.esiid_claims import ClaimedMeter, match_meter
from customers.models import Customer, EsiidClaim
from lib.refusals import Refused
from meters.imports.premises import import_premises
from meters.models import Meter, Premise, Tdsp, UsageDay
from notifications.delivery import deliver_due
from notifications.models import Email, EmailState
from reports.actions import generate_due_reports
from reports.document_check import check_document
from reports.models import Report
from tests.api.test_clients import FORM as CLIENT_FORM
from tests.api.test_creation import ROSA, asked
from tests.api.test_sandbox_scenarios import ask, body_of, create, esiid_of, later, state, tester
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory, OperatorFactory
from tests.pages.states.account import again
from tests.support.api import ApiProgram, make_program
from tests.support.smtp_sink import smtp_sink

__all__ = ["smtp_sink", "tester"]
pytestmark = pytest.mark.django_db


def test_a_live_key_that_names_a_test_esiid_gets_the_ordinary_mismatch(tester):
    """V15, T7: and a test key that names a customer's."""
    create(tester, "101")
    live, meter = make_program(administrator=tester.administrator, name="Live"), MeterFactory()
    answers = [ask(live, body_of("101")), ask(live, body_of("999")), ask(tester, asked(meter))]
    bodies = [answer.json() | {"instance": ""} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [error["code"] for error in bodies[0]["errors"]] == ["mismatch"]
    assert ask(live, asked(meter)).status_code == 201
    assert {match.company_id for match in FailedMatch.objects.all()} == {
        live.client.company.pk,
        tester.client.company.pk,
    }


def test_a_pending_company_can_test(db):
    """V15: its live clients wait."""
    administrator = MembershipFactory(is_administrator=True, company__standing=CompanyStanding.PENDING)
    tester = make_program(administrator=administrator, environment=Environment.TEST)
    me = tester.get("/me").json()
    assert (me["environment"], me["company"]["standing"]) == ("test", "approved")
    assert me["company"]["name"] == administrator.company.legal_name
    number = create(tester, "101")
    later(6)
    assert tester.get(f"/agreements/{number}/report/usage.csv").status_code == 200
    live = make_program(administrator=administrator, name="Live")
    assert ask(live, asked(MeterFactory())).json()["code"] == "company-pending"


def test_a_company_has_one_sandbox(tester):
    """V15: of all its test clients, with the company's name as it is now."""
    Company.objects.filter(pk=tester.company.pk).update(legal_name="Renamed Energy")
    other = make_program(administrator=tester.administrator, name="Other", environment=Environment.TEST)
    assert (
        other.client.company == tester.client.company and other.get("/me").json()["company"]["name"] == "Renamed Energy"
    )
    number = create(tester, "203")
    assert other.get(f"/agreements/{number}").status_code == 200
    assert make_program(environment=Environment.TEST).get(f"/agreements/{number}").status_code == 404


def test_a_portal_without_a_sandbox_refuses_test_keys(tester, settings):
    """V15: SANDBOX_ENABLED."""
    create(tester, "101")
    settings.SANDBOX_ENABLED = False
    answer = tester.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "live-key-only")
    form = {
        "grant_type": "client_credentials",
        "client_id": tester.client.client_id,
        "client_secret": tester.issued.text,
    }
    assert tester.browser.post("/api/v1/oauth/token", form).status_code == 403
    with pytest.raises(Refused):
        make_program(administrator=tester.administrator, name="Another", environment=Environment.TEST)
    assert steps.run_due_steps(at=timezone.now() + timedelta(minutes=1)) == 0 and SandboxStep.objects.exists()


@pytest.mark.slow
def test_staff_see_no_test_data(tester):
    """V15, D1: operators see the clients of a sandbox, and nothing that they made."""
    numbers = [create(tester, code) for code in ("101", "205", "401", "204")]
    customer = {"kind": "residential", "email": "registered@sandbox.example"}
    assert ask(tester, body_of("301", registered=True, customer=customer)).status_code == 201
    later(6)
    Agreement.objects.filter(number=numbers[3]).update(report_state="none")
    live = AgreementFactory()
    operator = OperatorFactory()
    browser = Client()
    browser.force_login(operator)
    hidden = [*numbers, "Sandbox", "sandbox.example", esiid_of("101"), meter_number_of(esiid_of("101")), ROSA["email"]]
    hidden.append(f"T{tester.company.pk:012}")
    lists = [
        "agreements_agreement", "agreements_consentreview", "notifications_email", "reports_report", "reports_download",
        "meters_tdsp", "meters_premise", "meters_meter", "customers_customer", "customers_esiidclaim",
        "companies_company", "accounts_user", "meters_upload", "notices_notice",
    ]  # fmt: skip
    for name in lists:
        page = browser.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert not [text for text in hidden if text in page], name
    home = browser.get(reverse("home"), follow=True).content.decode()
    assert not [text for text in hidden if text in home]
    for name, pk in (
        ("agreements_agreement", Agreement.objects.get(number=numbers[0]).pk),
        ("companies_company", tester.client.company.pk),
        ("meters_tdsp", Tdsp.every.get(is_sandbox=True).pk),
        ("meters_premise", Premise.objects.get(esiid=esiid_of("101")).pk),
        ("customers_customer", Customer.objects.get().pk),
        ("reports_report", Report.objects.filter(agreement__number=numbers[0]).get().pk),
        ("notifications_email", Email.objects.filter(about=[numbers[0]])[0].pk),
    ):
        assert browser.get(reverse(f"admin:{name}_change", args=[pk])).status_code == 404, name
    assert live.number in browser.get(reverse("admin:agreements_agreement_changelist")).content.decode()
    clients = browser.get(reverse("admin:api_apiclient_changelist")).content.decode()
    assert tester.client.client_id in clients and tester.company.legal_name in clients and "Test" in clients
    assert not Email.objects.exclude(is_sandbox=True).exists(), "no one is told of a review"


def test_reviews_of_the_sandbox_are_not_escalated(tester):
    """V15, X1."""
    create(tester, "205")
    later(6)
    assert consent_review.escalate_overdue_reviews(at=timezone.now() + timedelta(days=60)) == 0


@pytest.mark.slow
def test_customers_and_the_public_see_no_test_data(tester):
    """V15, R9, X7: no one claims a test ESIID, and no document of it is genuine."""
    number = create(tester, "101")
    later(6)
    report = Report.objects.get()
    assert check_document(number, report.sha256, network="n") is None
    assert check_document(number, report.agreement.letter.sha256, network="n") is None
    with pytest.raises(Refused):
        match_meter(ClaimedMeter(esiid_of("101"), meter_number_of(esiid_of("101"))), network="n")
    assert "Sandbox" not in Client().get(reverse("home")).content.decode()
    assert not Company.objects.filter(legal_name=tester.company.legal_name).exclude(pk=tester.company.pk).exists()
    browser = Client()
    browser.force_login(tester.administrator.user)
    assert browser.get(reverse("agreement", args=[number])).status_code == 404
    assert number not in browser.get(reverse("home"), follow=True).content.decode()


def test_no_email_leaves(tester, smtp_sink, settings):
    """V15, E2: with the portal's own delivery and a mail server; no text or link is on record."""
    settings.EMAIL_URL = smtp_sink.url
    numbers = [create(tester, code) for code in ("101", "105", "201", "202", "205", "206")]
    tester.post(f"/agreements/{create(tester, '203')}/withdraw")
    for seconds in (6, 40, 70):
        later(seconds)
    assert tester.get(f"/agreements/{numbers[0]}/report/usage.csv").status_code == 200
    emails = Email.objects.all()
    assert emails.count() > 15 and {email.state for email in emails} == {EmailState.SANDBOX}
    assert not [email for email in emails if email.text or email.html or email.link_nonce or email.attachments.exists()]
    assert deliver_due(at=timezone.now() + timedelta(days=1)) == 0 and smtp_sink.messages == []
    listed = tester.get("/sandbox/emails", {"limit": 200}).json()["data"]
    assert {each["kind"] for each in listed} >= {
        "EM201",
        "EM203",
        "EM204",
        "EM205",
        "WITHDRAWN",
        "REVIEWED",
        "DOWNLOADED",
    }
    assert {each["to"] for each in listed} == {"customer", "company"}
    assert {number for each in listed for number in each["agreement_numbers"]} >= set(numbers)
    (first, *_others) = tester.get("/sandbox/emails", {"agreement_number": numbers[2]}).json()["data"]
    assert (first["kind"], first["agreement_numbers"]) == ("EM205", [numbers[2]])
    assert ROSA["email"] not in str(listed) and "http" not in str(listed)


def test_limits_are_apart(tester, settings):
    """V15, X2: a mailbox, and an ESIID's address, of other companies."""
    settings.INITIATIONS_PER_ADDRESS = 1
    create(tester, "203")
    live = make_program(administrator=tester.administrator, name="Live")
    assert ask(live, asked(MeterFactory())).status_code == 201
    assert ask(live, asked(MeterFactory())).json()["code"] == "initiation-limit"
    other = make_program(environment=Environment.TEST)
    assert create(other, "203")
    assert ask(tester, body_of("201")).json()["code"] == "initiation-limit"


def test_the_same_customer_again_and_again_is_no_signal(tester):
    """V16, X1: nor is one's own address; what a test sends is invented."""
    own = ROSA | {"email": tester.administrator.user.email}
    numbers = [create(tester, "101", free=f"000000{digit}", customer=own) for digit in range(4)]
    later(6)
    assert {state(tester, number) for number in numbers} == {("complete", "ready")}
    assert not CompanyFingerprint.objects.exists()


def test_events_are_apart(tester):
    """V15, W1."""
    live = make_program(administrator=tester.administrator, name="Live")
    number = create(tester, "201")
    later(6)
    publish_events()
    events = tester.get("/events").json()["data"]
    assert {(each["type"], each["test"]) for each in events} >= {("agreement.rejected", True)}
    assert number in str(events) and live.get("/events").json()["data"] == []
    assert ApiEvent.objects.filter(is_test=False).count() == 0


def test_files_of_utilities_do_not_reach_test_esiids(tester, tmp_path):
    """V15, D2: a file cannot take a test premise away."""
    create(tester, "203")
    utility = MeterFactory().premise.tdsp
    file = tmp_path / "premises.csv"
    esiids = (esiid_of("203"), esiid_of("101", "7777777"))
    row = "{},1 Main St,,Dallas,TX,75001,{},A,Active,Residential,ERCOT,S,Station,Yes,,R,Y,Y,N"
    file.write_text("\n".join(row.format(esiid, utility.duns) for esiid in esiids))
    result = import_premises(file)
    assert (result.new, result.changed) == (0, 0)
    assert Premise.objects.get(esiid=esiid_of("203")).tdsp.is_sandbox


@pytest.mark.slow
def test_reset_forgets_everything(tester):
    """V17: but the keys; another company's sandbox stays."""
    other = make_program(environment=Environment.TEST)
    kept = create(other, "101")
    body = body_of("101")
    key = {"idempotency-key": "the-same-key"}
    tester.post("/agreements", body, headers=key)
    for code in ("205", "402", "302", "303", "204"):
        ask(tester, body_of(code))
    later(6)
    answer = tester.post("/sandbox/reset")
    assert (answer.status_code, answer.json()["deleted"] >= 6) == (200, True)
    assert tester.get("/agreements").json()["data"] == [] and tester.get("/sandbox/emails").json()["data"] == []
    assert not SandboxStep.objects.exclude(agreement__company=other.client.company).exists()
    assert not IdempotencyKey.objects.filter(company=tester.client.company).exists()
    assert tester.post("/agreements", body, headers=key).status_code == 201
    assert other.get(f"/agreements/{kept}").status_code == 200
    live = make_program(administrator=tester.administrator, name="Live")
    assert live.post("/sandbox/reset").json()["code"] == "test-key-only"


@pytest.mark.slow
def test_old_test_agreements_are_deleted_with_their_premises(tester):
    """V15, X6: 30 days after their end; a customer's agreement stays."""
    create(tester, "101")
    customer = {"kind": "residential", "email": "registered@sandbox.example"}
    ask(tester, body_of("301", registered=True, customer=customer))
    create(tester, "203")
    later(6)
    real = AgreementFactory(status="rejected")
    at = timezone.now()
    assert retention.delete_old_test_agreements(at=at + timedelta(days=29)) == 0
    assert retention.delete_old_test_agreements(at=at + timedelta(days=31)) == 2
    assert [premise.premise.esiid for premise in SandboxPremise.objects.all()] == [esiid_of("203")]
    assert not UsageDay.objects.exists() and not EsiidClaim.objects.exists()
    assert Agreement.objects.filter(pk=real.pk).exists() and Meter.objects.filter(number="900001203").exists()


def test_the_sandboxs_users_are_no_people(tester):
    """V15, P1."""
    customer = {"kind": "residential", "email": "registered@sandbox.example"}
    ask(tester, body_of("301", registered=True, customer=customer))
    create(tester, "205")
    later(6)
    later(40)
    users = User.objects.filter(email__endswith="@sandbox.example")
    assert users.count() == 2 and not [user for user in users if user.is_active or user.is_person]


def test_administrators_manage_test_clients(tester):
    """P4, P6: of their own company."""
    from api import clients

    clients.notify_of_expiring_keys(at=tester.key.expires_at - timedelta(days=3))
    (email,) = Email.objects.filter(kind="API_KEY_EXPIRING")
    assert (email.to_address, email.state) == (tester.administrator.user.email, EmailState.QUEUED)
    stranger = MembershipFactory(is_administrator=True)
    with pytest.raises(PermissionDenied):
        clients.disable_client(tester.client, by=stranger.user)
    replaced = tester.post("/me/rotate-key", {"old_key_ends_in_hours": 1})
    assert replaced.status_code == 201 and replaced.json()["key"].startswith("smtp_test_")
    ApiKey.objects.filter(client=tester.client).exclude(pk=tester.key.pk).delete()
    issued = clients.replace_key(
        tester.client, by=tester.administrator.user, key_days=90, overlap=timedelta(0), form_id=uuid.uuid4()
    )
    assert issued.text.startswith("smtp_test_")
    assert clients.disable_client(tester.client, by=tester.administrator.user)
    assert {event.about for event in tester.company.events.filter(about__isnull=False)} == {tester.user}
    generate_due_reports()


def test_an_administrator_makes_a_test_client_on_the_page(db, settings):
    """V15, P5: also while the company is pending; test clients are listed apart, and what they caused is shown."""
    administrator = MembershipFactory(is_administrator=True, company__standing=CompanyStanding.PENDING)
    browser = Client()
    again(browser, administrator.user, reverse("home"))
    form = CLIENT_FORM | {"environment": "test", "form_id": str(uuid.uuid4()), "allowed_networks": ""}
    page = browser.post(reverse("api_client_new"), form).content.decode()
    key = re.search(r"smtp_test_[0-9A-Za-z_]+", page)
    assert key and "no emails are sent" in page
    tester = make_program(administrator=administrator, name="Another", environment=Environment.TEST)
    tester.token = key[0]
    assert tester.get("/me").json()["client"]["name"] == form["name"]
    listed = browser.get(reverse("api_clients")).content.decode()
    assert "Test clients" in listed and "Live clients" not in listed
    tester.token = ""
    number = create(tester, "101")
    sandbox = browser.get(reverse("api_sandbox")).content.decode()
    assert number in sandbox and all(code in sandbox for code in SCENARIOS)
    settings.SANDBOX_ENABLED = False
    assert browser.get(reverse("api_sandbox")).status_code == 404
    assert "What is it for?" not in browser.get(reverse("api_client_new")).content.decode()


def test_a_key_of_the_other_environment_is_no_key_of_this_one(tester: ApiProgram):
    """P5."""
    assert tester.issued.text.startswith("smtp_test_")
    tester.token = tester.issued.text.replace("smtp_test_", "smtp_live_")
    assert tester.get("/me").status_code == 401
