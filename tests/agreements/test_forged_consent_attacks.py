"""A company that owns the mailbox it names as its customer's: every way around the signals that we could think of (X1).

Each plays to the end: the customer's click, the sweep that makes reports, the door to the download.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

import reports.actions
from accounts.models import User
from agreements import actions
from agreements.consent_review import review_consent
from agreements.models import Agreement, Review, SignalKind
from agreements.states import Channel, Status
from companies.models import CompanyStanding
from companies.trust.email_identity import normalize_mailbox, registered_domain
from lib.form_fields import EmailLineField
from reports.models import Report
from tests.agreements.test_forged_consent import HOME, THEIR_ADDRESS, link, rosa_at, signals, staff_of
from tests.factories import (
    CompanyFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    UserFactory,
)
from tests.support.agreements import initiate, meters_of_homes, registered_customer
from tests.support.decisions import decision_form
from tests.support.reviews import review_of
from tests.support.usage import deliver_usage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def attacker() -> User:
    """A company's user with every permission. Its mailboxes: sam@shop.example and owner@gmail.com."""
    company = CompanyFactory(
        email="owner.of.shop@gmail.com", privacy_policy_url="https://www.shop-terms.example/privacy"
    )
    return MembershipFactory(company=company, user=UserFactory(email="sam@shop.example")).user


def accept(agreement: Agreement, client: Client | None = None, **place: str) -> None:
    """Somebody clicks: in a browser and network that nobody knows, unless they are told."""
    deliver_usage(agreement.premise)
    answer = (client or Client()).post(link(agreement), decision_form(agreement), **(place or HOME))
    assert answer.status_code == 302
    agreement.refresh_from_db()
    assert agreement.status == Status.COMPLETE


def assert_no_report_without_a_release(agreement: Agreement, attacker: User) -> None:
    accepted_as = agreement.review
    reports.actions.generate_due_reports()
    client = Client()
    client.force_login(User.objects.get(pk=attacker.pk))
    answer = client.get(reverse("report_download", args=[agreement.number]))
    assert (accepted_as, answer.status_code) == (Review.HELD, 409)
    assert not Report.objects.filter(agreement=agreement).exists()
    # The control of all of these: it is the review, and nothing else, that keeps the report back.
    review_consent(review_of(agreement), Review.RELEASED, by=staff_of(agreement), reason="Asked the customer.")
    reports.actions.generate_due_reports()
    assert Report.objects.filter(agreement=agreement).exists()


@pytest.mark.parametrize(
    "mailbox",
    [
        "sam@shop.example",
        "SAM@Shop.Example",
        "sam+rosa@shop.example",
        '"sam"@shop.example',
        "rosa@shop.example",
        "rosa@mail.shop.example",
        "rosa@a.b.shop.example",
        "rosa@shop-terms.example",
        "owner.of.shop@gmail.com",
        "ownerofshop+rosa@gmail.com",
        "o.w.n.e.r.ofshop@googlemail.com",
    ],
)
def test_own_mailbox_is_recognized_in_any_spelling(attacker, mailbox):
    """X1: plus-addresses, case, quotes, dots, subdomains, the company's own address and website."""
    (agreement,) = initiate(attacker, person=rosa_at(mailbox))
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


@pytest.mark.parametrize("mailbox", ["rosa@bücher-shop.example", "rosa@xn--bcher-shop-9db.example"])
@pytest.mark.parametrize("own", ["sam@bücher-shop.example", "sam@xn--bcher-shop-9db.example"])
def test_a_domain_with_letters_beyond_ascii_is_the_same_in_both_spellings(attacker, mailbox, own):
    """X1."""
    User.objects.filter(pk=attacker.pk).update(email=own)
    (agreement,) = initiate(User.objects.get(pk=attacker.pk), person=rosa_at(mailbox))
    assert SignalKind.OWN_DOMAIN in signals(agreement)


@pytest.mark.parametrize(
    "mailbox", ["rosa@shop.example.net", "rosa@notshop.example", "sam@gmail.com", "rosa@co.uk", "sammy@other.example"]
)
def test_similar_addresses_are_no_signal(attacker, mailbox):
    """X1."""
    (agreement,) = initiate(attacker, person=rosa_at(mailbox))
    assert signals(agreement) == set()


def test_a_user_who_changes_the_address_later_is_still_recognized(attacker):
    """X1: what was seen at initiation stays."""
    (agreement,) = initiate(attacker, person=rosa_at("sam@shop.example"))
    User.objects.filter(pk=attacker.pk).update(email="sam@elsewhere.example")
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


def test_a_former_address_of_a_user_is_recognized(client, attacker):
    """X1: the other way round: log in with the mailbox, change the address, then name it as the customer's."""
    User.objects.filter(pk=attacker.pk).update(email="rosa.delgado@gmail.com")
    client.force_login(User.objects.get(pk=attacker.pk))
    client.get(reverse("agreements"))  # from where nothing can be said about the network
    User.objects.filter(pk=attacker.pk).update(email="sam@elsewhere.example")
    (agreement,) = initiate(User.objects.get(pk=attacker.pk), person=rosa_at("rosadelgado+1@gmail.com"))
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


def test_a_removed_user_is_still_recognized(attacker):
    """X1: who left may have left for this."""
    former = MembershipFactory(company=attacker.membership.company, user=UserFactory(email="rosa.d@gmail.com"))
    type(former).objects.filter(pk=former.pk).update(ended_at=Now())
    (agreement,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    assert signals(agreement) == {SignalKind.OWN_USER}


def test_a_user_who_joins_before_the_answer_is_recognized(attacker):
    """X1."""
    (agreement,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    assert signals(agreement) == set()
    MembershipFactory(company=attacker.membership.company, user=UserFactory(email="rosa.d@gmail.com"))
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


def test_the_contact_as_customer_is_a_signal(attacker):
    """X1: the contact's address is typed on page 2 (T8), of this agreement or of another one."""
    (agreement,) = initiate(attacker, person=rosa_at("james@green-energy.example"))
    assert SignalKind.OWN_USER in signals(agreement)
    Agreement.objects.update(contact_email="rosa.d@gmail.com")
    (other,) = initiate(attacker, person=rosa_at("rosa.d+2@gmail.com"))
    assert signals(other) == {SignalKind.OWN_USER}


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("r.d@gmail.com", "rd+2@gmail.com", "RD@googlemail.com"),
        ("rosa+1@elsewhere.example", "rosa+2@elsewhere.example", "Rosa@elsewhere.example"),
        ("rosa@farm.example", "ann@farm.example", "bob@mail.farm.example"),
    ],
)
def test_three_mailboxes_of_one_owner_are_a_signal(attacker, first, second, third):
    """X1: three homes of one mailbox, or of mailboxes that one owner of a domain has as many of as he likes."""
    *earlier, last = meters_of_homes(3)
    for mailbox, meter in zip((first, second), earlier, strict=True):
        (agreement,) = initiate(attacker, meter, person=rosa_at(mailbox))
        assert signals(agreement) == set()
    (agreement,) = initiate(attacker, last, person=rosa_at(third))
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


@pytest.mark.parametrize(
    "domain", ["gmail.com", "austin.rr.com", "utexas.edu", "example.com", "privaterelay.appleid.com"]
)
def test_three_customers_of_a_mail_provider_are_no_signal(attacker, domain):
    """X1: else every report would wait for a look."""
    for name, meter in zip(("rosa", "ann", "bob"), meters_of_homes(3), strict=True):
        (agreement,) = initiate(attacker, meter, person=rosa_at(f"{name}@{domain}"))
    assert signals(agreement) == set()


def test_a_resend_keeps_the_signals(attacker):
    """X1."""
    (agreement,) = initiate(attacker, person=rosa_at("sam@shop.example"))
    actions.resend(agreement, by=attacker)
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


@pytest.mark.parametrize("place", [THEIR_ADDRESS, {"REMOTE_ADDR": "::ffff:23.12.44.7"}])
def test_a_foreign_mailbox_opened_in_the_companys_network_is_recognized(client, attacker, place):
    """X1: also where the server listens on both kinds of addresses at once."""
    client.force_login(attacker)
    client.get(reverse("agreements"), **THEIR_ADDRESS)
    (agreement,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    accept(agreement, **place)
    assert_no_report_without_a_release(agreement, attacker)


def test_reaching_an_inner_proxy_hides_no_address(client, attacker, settings):
    """X1: two proxies are expected, one was asked directly; its note of the address counts."""
    settings.TRUSTED_PROXY_COUNT = 2
    client.force_login(attacker)
    client.get(reverse("agreements"), HTTP_X_FORWARDED_FOR="23.12.44.7, 10.0.0.2", REMOTE_ADDR="10.0.0.3")
    (agreement,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    accept(agreement, HTTP_X_FORWARDED_FOR="23.12.44.7", REMOTE_ADDR="10.0.0.3")
    assert_no_report_without_a_release(agreement, attacker)


def test_an_account_with_the_companys_mailbox_is_recognized(attacker):
    """X1: it registers as the customer itself, and answers in the account."""
    claim, meter = registered_customer()
    User.objects.filter(pk=claim.customer.user_id).update(email="sam+rosa@shop.example")
    (agreement,) = initiate(attacker, meter, registered=True, person=rosa_at("sam+rosa@shop.example"))
    client = Client()
    client.force_login(User.objects.get(pk=claim.customer.user_id))
    deliver_usage(agreement.premise)
    client.post(reverse("customer_agreement", args=[agreement.number]), decision_form(agreement), **HOME)
    agreement.refresh_from_db()
    assert_no_report_without_a_release(agreement, attacker)


def test_an_account_that_claims_three_esiids_before_the_request_is_recognized(attacker):
    """X1: who has had them for long is a customer with three homes."""
    for since, expected in ((timedelta(days=1), {SignalKind.SAME_ADDRESS}), (timedelta(days=400), set())):
        customer = CustomerFactory()
        for number in range(3):
            address = f"{number} Elm St"
            claim = EsiidClaimFactory(customer=customer, since=Now() - since, premise__address=address)
            meter = MeterFactory(premise=claim.premise)
            (agreement,) = initiate(attacker, meter, registered=True, person=rosa_at(customer.user.email))
        assert signals(agreement) - {SignalKind.SAME_DOMAIN} == expected


def test_a_customer_who_moved_away_shares_no_data_of_the_next_one(attacker):
    """X1, R2: the question went to the former customer; the ESIID is another account's by now."""
    claim, meter = registered_customer()
    (agreement,) = initiate(attacker, meter, registered=True, person=rosa_at(claim.customer.user.email))
    type(claim).objects.filter(pk=claim.pk).update(until=Now())
    EsiidClaimFactory(premise=claim.premise)
    accept(agreement)
    assert signals(agreement) == {SignalKind.OTHER_HOLDER}
    assert_no_report_without_a_release(agreement, attacker)


def test_a_mailbox_from_before_the_registration_cannot_answer_for_the_customer(attacker):
    """X1: the customer of the ESIID has an account now, and another address."""
    meter = MeterFactory()
    (agreement,) = initiate(attacker, meter, person=rosa_at("rosa.d@gmail.com"))
    EsiidClaimFactory(premise=meter.premise)
    accept(agreement)
    assert_no_report_without_a_release(agreement, attacker)


def test_a_suspended_company_gets_no_report(attacker):
    """X1, D1: an honest acceptance of before the suspension; and after its end what was held is still held."""
    (honest,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    (forged,) = initiate(attacker, person=rosa_at("sam@shop.example"))
    company = attacker.membership.company
    for agreement in (honest, forged):
        accept(agreement)
    type(company).objects.filter(pk=company.pk).update(standing=CompanyStanding.SUSPENDED)
    reports.actions.generate_due_reports()
    client = Client()
    client.force_login(attacker)
    for agreement in (honest, forged):
        assert client.get(reverse("report_download", args=[agreement.number])).status_code in (403, 409)
    type(company).objects.filter(pk=company.pk).update(standing=CompanyStanding.APPROVED)
    assert_no_report_without_a_release(forged, attacker)


def test_the_third_partys_pages_cannot_release_a_held_report(client, attacker):
    """X1: withdrawing, resending and asking again are no way to it."""
    meter = MeterFactory()
    (agreement,) = initiate(attacker, meter, person=rosa_at("sam@shop.example"))
    accept(agreement)
    client.force_login(attacker)
    for name in ("agreement_resend", "agreement_withdraw"):
        client.post(reverse(name, args=[agreement.number]))
    (again,) = initiate(attacker, meter, person=rosa_at("sam@shop.example"))
    accept(again)
    deciding_twice = Client().post(link(agreement), decision_form(agreement), **HOME)
    assert deciding_twice.status_code == 302
    for one in (agreement, again):
        one.refresh_from_db()
        assert one.review == Review.HELD
    reports.actions.generate_due_reports()
    assert not Report.objects.exists()


def test_an_honest_acceptance_is_not_held(attacker):
    """X1: the control."""
    (agreement,) = initiate(attacker, person=rosa_at("rosa.d@gmail.com"))
    deliver_usage(agreement.premise)
    actions.accept(agreement, channel=Channel.INVITATION)
    assert agreement.signals.count() == 0 and reports.actions.generate_due_reports() == 1


@pytest.mark.parametrize(
    ("address", "mailbox", "owned"),
    [
        ("A.B+c@GMail.com", "ab@gmail.com", ""),
        ("a.b@pm.me", "ab@proton.me", ""),
        ("a.b+c@mail.shop.co.uk", "a.b@mail.shop.co.uk", "shop.co.uk"),
        ("clerk@ci.austin.tx.us", "clerk@ci.austin.tx.us", "austin.tx.us"),
        ("a@houston.rr.com", "a@houston.rr.com", ""),
        ("+a@shop.example", "+a@shop.example", "shop.example"),
        ("a@[192.0.2.7]", "a@[192.0.2.7]", ""),
    ],
)
def test_an_address_is_reduced_to_mailbox_and_owner(address, mailbox, owned):
    """X1."""
    assert (normalize_mailbox(address), registered_domain(address)) == (mailbox, owned)


def test_an_address_at_a_number_is_refused_on_the_form():
    """X1, A2: it belongs to whoever runs that machine, and to no domain that could be compared."""
    with pytest.raises(ValidationError, match="full email address"):
        EmailLineField(label="Email").clean("rosa@[192.0.2.7]")
