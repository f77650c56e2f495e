"""A customer opens an account, unasked or from an agreement's outcome page (C2, C3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agreements import actions
from agreements.models import Agreement
from agreements.request import Person
from agreements.states import Channel
from customers import registration
from customers.claim_review import decide_claim
from customers.models import ClaimDecision, Customer, EsiidClaim, Registration
from lib import link_tokens
from notifications.models import Email
from tests.factories import (
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.support.agreements import initiate
from tests.support.decisions import decision_form
from tests.support.registration import PASSWORD, confirmation_link, log_in, register, typed

pytestmark = pytest.mark.django_db


def agreement_about(meter, **person) -> Agreement:
    """An agreement with an unregistered customer."""
    asked = Person(
        email="rosa@example.net",
        first_name="Rosa",
        last_name="Delgado",
        street="206 Boxwood Drive",
        city="Baytown",
        state="TX",
        zip_code="77520",
        phone="+15125550102",
        language="es",
    )
    (agreement,) = initiate(MembershipFactory().user, meter, person=asked)
    return agreement


def invitation_link(agreement: Agreement, name: str = "invitation") -> str:
    return reverse(name, args=[link_tokens.derive_token(bytes(agreement.submission.link_nonce))])


def test_a_registration_is_confirmed_by_email_and_signs_in_by_user_id_and_email(client):
    """C3"""
    meter = MeterFactory()
    assert register(client, meter).headers["Location"] == reverse("register_sent")
    assert client.get(reverse("register_sent")).status_code == 200
    assert not User.objects.filter(username="rosa.delgado").exists()
    log_in(client, "rosa.delgado")
    assert "_auth_user_id" not in client.session, "no sign-in before the confirmation"

    confirmed = client.post(confirmation_link())

    assert "Your account is ready" in confirmed.content.decode()
    customer = Customer.objects.get()
    assert [claim.premise for claim in customer.claims.all()] == [meter.premise]
    user = customer.user
    assert (user.first_name, customer.middle_initial, user.last_name) == ("Rosa", "M", "Delgado")
    assert (str(user.phone), user.phone_extension, user.email) == ("+1 512-555-0102", "12", "rosa@example.net")
    for login in ("rosa.delgado", "ROSA@example.net"):
        assert log_in(client, login).headers["Location"] == reverse("home")
        assert client.get(reverse("home")).status_code == 200
        client.post(reverse("account_logout"))


def test_a_registration_from_an_invitation_starts_filled_and_brings_the_agreement(client):
    """C2, C3, functional rules 6 and 15: whole way from the decision link to 3rd Party Agreements, in Spanish."""
    meter = MeterFactory()
    agreement = agreement_about(meter)
    other = agreement_about(MeterFactory(premise=meter.premise, number="204000777"))
    elsewhere = agreement_about(MeterFactory())
    actions.accept(agreement, channel=Channel.INVITATION)
    outcome = client.get(invitation_link(agreement)).content.decode()
    form_page = invitation_link(agreement, "invitation_register")
    assert f'href="{form_page}"' in outcome

    page = client.get(form_page)
    html = page.content.decode()
    assert '<html lang="es">' in html
    for value in ("Rosa", "Delgado", "rosa@example.net", "(512) 555-0102", meter.number, meter.premise.esiid[-7:]):
        assert value in html
    assert meter.premise.esiid not in html
    assert "company_name" not in page.context["form"].fields
    sent = client.post(form_page, typed(None, language="es"))
    assert sent.status_code == 302
    assert Email.objects.get(kind="REGISTRATION").language == "es"
    assert client.post(confirmation_link()).status_code == 200

    log_in(client, "rosa.delgado")
    mine = client.get(reverse("customer_agreements")).content.decode()
    assert agreement.number in mine
    assert other.number in mine
    assert elsewhere.number not in mine
    assert client.get(reverse("customer_agreement", args=[agreement.number])).status_code == 200


def test_with_another_address_nothing_is_assigned_before_the_claim_is_confirmed(client):
    """C4, X7: then every request about the meter is listed, the link's and others."""
    meter = MeterFactory()
    agreement = agreement_about(meter)
    other = agreement_about(MeterFactory(premise=meter.premise, number="204000777"))
    changed = {"email": "new@example.net", "email_again": "new@example.net"}
    client.post(invitation_link(agreement, "invitation_register"), typed(None, **changed))
    client.post(confirmation_link("new@example.net"))
    log_in(client, "rosa.delgado")
    listed = client.get(reverse("customer_agreements")).content.decode()
    assert agreement.number not in listed and other.number not in listed
    claim = EsiidClaim.objects.get()
    decide_claim(claim.pk, ClaimDecision.CONFIRMED, by=OperatorFactory(), reason="She called.", dispute_id=None)
    listed = client.get(reverse("customer_agreements")).content.decode()
    assert agreement.number in listed and other.number in listed


def test_a_registration_brings_the_agreements_sent_to_its_address(client):
    meter = MeterFactory()
    agreement = agreement_about(meter)
    register(client, meter)
    client.post(confirmation_link())
    agreement.refresh_from_db()
    assert agreement.customer == Customer.objects.get()
    log_in(client, "rosa.delgado")
    decided = client.post(reverse("customer_agreement", args=[agreement.number]), decision_form(agreement), follow=True)
    assert decided.status_code == 200
    agreement.refresh_from_db()
    assert agreement.status == "complete"


def test_no_agreement_is_assigned_before_the_address_is_confirmed(client):
    meter = MeterFactory()
    agreement = agreement_about(meter)
    register(client, meter)
    agreement.refresh_from_db()
    assert agreement.customer is None
    assert not EsiidClaim.objects.exists()


def test_a_business_gives_its_name(client):
    """C3"""
    meter = MeterFactory()
    refused = register(client, meter, kind="business")
    assert "Enter your company" in refused.content.decode()
    register(client, meter, kind="business", company_name="Delgado Bakery")
    client.post(confirmation_link())
    assert Customer.objects.get().company_name == "Delgado Bakery"


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_get_of_the_link_confirms_nothing(client, method):
    """C3"""
    register(client, MeterFactory())
    for _ in range(3):
        assert getattr(client, method)(confirmation_link()).status_code == 200
    assert not User.objects.filter(username="rosa.delgado").exists()
    assert Registration.objects.get().confirmed_at is None


def test_a_second_click_on_confirm_changes_nothing(client):
    register(client, MeterFactory())
    link = confirmation_link()
    for _ in range(2):
        assert "Your account is ready" in client.post(link).content.decode()
    assert "Your account is ready" in client.get(link).content.decode()
    assert Customer.objects.count() == 1
    assert Registration.objects.get().password == ""


def test_an_unconfirmed_registration_expires_after_three_days_and_is_deleted(client):
    """C3, X6"""
    late = RegistrationFactory(asked_at=timezone.now() - settings.REGISTRATION_PERIOD - timedelta(seconds=1))
    RegistrationFactory(asked_at=timezone.now() - settings.REGISTRATION_PERIOD + timedelta(minutes=1))
    token = link_tokens.derive_token(late.link_nonce, link_tokens.ACCOUNT_LINK)
    for ask_for in (client.get, client.post):
        answer = ask_for(reverse("register_confirm", args=[token]))
        assert answer.status_code == 410
        assert "This link no longer works" in answer.content.decode()
    assert registration.delete_old_registrations() == 1
    assert Registration.objects.exclude(pk=late.pk).count() == Registration.objects.count() == 1
    assert client.get(reverse("register_confirm", args=[token])).status_code == 404


def test_only_the_owner_of_a_taken_email_is_told(client):
    owner = UserFactory(email="rosa@example.net", language="es")
    taken = register(client, MeterFactory())
    fresh = register(client, MeterFactory(), email="new@example.net", email_again="new@example.net", username="other")
    assert (taken.status_code, taken.headers["Location"]) == (fresh.status_code, fresh.headers["Location"])
    email = Email.objects.get(to_address=owner.email)
    assert (email.kind, email.language) == ("REGISTRATION_TAKEN", "es")
    assert owner.username in email.text
    assert Registration.objects.count() == 1


def test_a_taken_user_id_is_refused(client):
    UserFactory(username="Rosa.Delgado")
    answer = register(client, MeterFactory()).content.decode()
    assert "This User ID is already taken. Enter a different one." in answer
    assert 'value="rosa@example.net"' in answer
    assert not Email.objects.exists()


def test_a_user_id_cannot_be_an_email():
    """Both sign in: a user ID like another person's email would take over that person's sign-in."""
    from customers.forms import RegistrationForm
    from customers.models import CustomerKind

    form = RegistrationForm(typed(None, username="ceo@example.com"), kind=CustomerKind.RESIDENTIAL)
    assert "username" in form.errors


def test_a_signed_in_customer_gets_a_link_to_add_a_meter(client):
    claim = EsiidClaimFactory()
    client.force_login(claim.customer.user)
    page = client.get(reverse("register_as", args=["residential"])).content.decode()
    assert reverse("customer_add_meter") in page


def test_the_link_of_a_registered_customer_leads_back_to_theinvitation_link(client):
    meter = MeterFactory()
    agreement = agreement_about(meter)
    register(client, meter)
    client.post(confirmation_link())
    answer = client.get(invitation_link(agreement, "invitation_register"))
    assert answer.headers["Location"] == invitation_link(agreement)
    assert "Create an account" not in client.get(invitation_link(agreement)).content.decode()


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short one", "at least 15 characters"),
        ("smart meter texas 1", "too similar to your name"),
        ("rosa.delgado2026", "too similar to your User ID"),
        ("abababababababababab", "repeats a few characters"),
        ("Delgado Bakery 2026", "too similar to your name"),
        ("111111111111111", "too common"),
    ],
)
def test_an_expected_password_is_refused_with_its_reason(client, password, sentence):
    """NIST SP 800-63B-4: length, known passwords, words of the place; no composition rules."""
    form = {"company_name": "Delgado Bakery", "password1": password, "password2": password}
    answer = register(client, MeterFactory(), kind="business", **form).content.decode()
    assert sentence in answer
    assert not Email.objects.exists()


@pytest.mark.parametrize("password", [PASSWORD, "x" * 3 + "çök güzel bir gün, değil mi? " * 3, "plain words only here"])
def test_long_passwords_with_spaces_and_any_letters_are_accepted(client, password):
    register(client, MeterFactory(), password1=password, password2=password)
    client.post(confirmation_link())
    assert User.objects.get(username="rosa.delgado").check_password(password)


def test_invalid_entries_are_explained_and_everything_else_is_kept(client):
    """A2"""
    wrong = {"email_again": "rosa@example.com", "password2": "another", "phone": "12", "meter_number": "?"}
    answer = register(client, MeterFactory(), **wrong)
    html = answer.content.decode()
    assert set(answer.context["form"].errors) == {"email_again", "password2", "phone", "meter_number"}
    for kept in ("Rosa", "Delgado", "rosa@example.net", "rosa.delgado"):
        assert f'value="{kept}"' in html
    assert PASSWORD not in html


def test_a_meter_number_may_be_typed_with_its_leading_letter(client):
    meter = MeterFactory(number="104051941")
    register(client, meter, esiid=f"'{meter.premise.esiid[:4]} {meter.premise.esiid[4:]}", meter_number="g-104051941")
    assert Registration.objects.get().premise == meter.premise
