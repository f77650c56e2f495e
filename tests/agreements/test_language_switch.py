"""The language of a page: the agreement's, the visitor's choice, the account's (C6)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, number_format

from agreements import actions
from agreements.models import Agreement, Submission
from agreements.states import Channel
from tests.factories import CustomerFactory, EsiidClaimFactory, MembershipFactory, MeterFactory, OperatorFactory
from tests.support.agreements import initiate
from tests.support.decisions import decision_form, decision_link
from tests.support.registration import confirmation_link, log_in, typed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def own_language():
    """Django leaves the last request's language active in this thread."""
    with translation.override("en"):
        yield
    translation.activate("en")


@pytest.fixture
def spanish() -> Agreement:
    """A pending agreement of a customer who prefers Spanish."""
    (agreement,) = initiate(MembershipFactory().user)
    Submission.objects.update(language="es")
    agreement.refresh_from_db()
    return agreement


def language(response) -> str:
    match = re.search(r'<html lang="(\w+)"', response.content.decode())
    assert match
    assert response["Content-Language"] == match[1]
    return match[1]


def switch(response) -> str:
    """Where the switch leads."""
    match = re.search(r'<a class="lang" href="([^"]+)"', response.content.decode())
    assert match
    return match[1]


class TestOnTheDecisionPage:
    def test_it_opens_in_the_agreements_language(self, client, spanish):
        page = client.get(decision_link(spanish), headers={"accept-language": "en"})
        assert language(page) == "es"
        assert " de " in re.search(r"antes del (\d[^,]+)", page.content.decode())[1]  # the date, too

    def test_the_switch_keeps_the_links_token_and_is_remembered(self, client, spanish):
        to_english = switch(client.get(decision_link(spanish)))
        assert to_english == "?lang=en"
        assert language(client.get(decision_link(spanish) + to_english)) == "en"
        assert language(client.get(decision_link(spanish))) == "en"
        assert switch(client.get(decision_link(spanish))) == "?lang=es"
        assert language(client.get(decision_link(spanish) + "?lang=es")) == "es"

    def test_it_works_without_cookies_through_the_decision(self, spanish):
        """C1: for mail programs that keep no cookies; the outcome is in the language of the page."""
        address = f"{decision_link(spanish)}?lang=en"
        assert language(Client().get(address)) == "en"
        decided = Client(enforce_csrf_checks=True).post(address, decision_form(spanish))
        assert decided["Location"] == address
        assert language(Client().get(decided["Location"])) == "en"

    def test_switching_does_not_change_the_agreement(self, client, spanish):
        before = Agreement.objects.values().get()
        client.get(f"{decision_link(spanish)}?lang=en")
        assert Agreement.objects.values().get() == before

    @pytest.mark.parametrize("nonsense", ["fr", "", "en-US,es", "<script>", "es'--"])
    def test_an_unknown_language_changes_nothing(self, client, spanish, nonsense):
        page = client.get(decision_link(spanish), {"lang": nonsense})
        assert language(page) == "es"
        assert not client.cookies
        assert "<script>" not in page.content.decode()

    def test_the_decision_text_is_stored_in_the_language_of_the_page(self, client, spanish):
        """C7: the letter stays in the customer's own."""
        client.post(f"{decision_link(spanish)}?lang=en", decision_form(spanish))
        letter = spanish.letter
        assert (letter.language, letter.decision_language) == ("es", "en")
        assert "If you don't answer by" in letter.decision_text

    def test_the_switch_is_a_link_also_for_signed_in_users(self, client, spanish):
        """A look at somebody's link must not change the account of who looks."""
        customer = CustomerFactory()
        client.force_login(customer.user)
        assert switch(client.get(decision_link(spanish))) == "?lang=en"
        client.get(f"{decision_link(spanish)}?lang=es")
        customer.user.refresh_from_db()
        assert customer.user.language == "en"

    def test_a_link_that_is_forged_has_the_switch_too(self, client):
        page = client.get(reverse("invitation", args=["A" * 43]) + "?lang=es")
        assert page.status_code == 404
        assert language(page) == "es"


class TestOnPublicPages:
    @pytest.mark.parametrize("name", ["home", "help", "help_faq", "help_meter", "account_login", "register"])
    def test_it_is_on_the_page_and_remembered(self, client, name):
        page = client.get(reverse(name))
        assert language(page) == "en"
        assert language(client.get(reverse(name) + switch(page))) == "es"
        assert language(client.get(reverse("help"))) == "es"

    def test_the_rest_of_the_address_stays(self, client):
        assert switch(client.get(reverse("help_faq"), {"page": "2"})) == "?page=2&amp;lang=es"

    def test_the_cookie_is_not_for_scripts(self, client):
        client.get(reverse("help"), {"lang": "es"})
        cookie = client.cookies["django_language"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


class TestInAnAccount:
    @pytest.fixture
    def customer(self, client):
        claim = EsiidClaimFactory()
        client.force_login(claim.customer.user)
        return claim.customer

    def test_the_preference_overrides_browser_and_cookie(self, client, customer):
        client.cookies["django_language"] = "en"
        assert language(client.get(reverse("customer_agreements"), headers={"accept-language": "en"})) == "en"
        type(customer.user).objects.update(language="es")
        assert language(client.get(reverse("customer_agreements"), headers={"accept-language": "en"})) == "es"

    def test_the_switch_changes_the_preference_and_returns_to_the_page(self, client, customer):
        page = client.get(reverse("customer_agreements"), {"page": "1"}).content.decode()
        then = re.search(r'name="next" value="([^"]+)"', page)[1]
        assert then == f"{reverse('customer_agreements')}?page=1"
        back = client.post(reverse("set_language"), {"language": "es", "next": then})
        assert back["Location"] == then
        customer.user.refresh_from_db()
        assert customer.user.language == "es"
        assert language(client.get(back["Location"])) == "es"
        client.logout()
        client.cookies["django_language"] = "es"
        assert language(client.get(reverse("help"))) == "es"

    @pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
    def test_it_leads_nowhere_else(self, client, customer, then):
        assert client.post(reverse("set_language"), {"language": "es", "next": then})["Location"] == reverse("home")

    def test_a_form_from_elsewhere_changes_no_account(self, customer):
        forger = Client(enforce_csrf_checks=True)
        forger.force_login(customer.user)
        assert forger.post(reverse("set_language"), {"language": "es"}).status_code == 403
        customer.user.refresh_from_db()
        assert customer.user.language == "en"

    def test_an_unknown_language_is_refused(self, client, customer):
        assert client.post(reverse("set_language"), {"language": "fr"}).status_code == 404

    def test_an_email_follows_the_agreement_and_not_the_page(self, client, customer):
        """C6: the acceptance is answered in the customer's language, whoever switched the page."""
        from notifications.models import Email

        (agreement,) = initiate(MembershipFactory().user)
        Submission.objects.update(language="es")
        actions.accept(agreement, channel=Channel.INVITATION, page_language="en")
        assert Email.objects.get(kind="EM203", to_address=agreement.email).language == "es"
        assert agreement.letter.language == "es"


def test_third_parties_and_staff_have_no_switch(client):
    """T2: their pages are in English."""
    for user in (MembershipFactory().user, OperatorFactory()):
        client.force_login(user)
        assert "site-language" not in client.get(reverse("help")).content.decode()


@pytest.mark.parametrize("name", ["company_register", "company_join", "company_register_sent"])
def test_company_registration_is_in_english_without_a_switch(client, name):
    """T13: half a page in Spanish would help nobody; the rest of the visit stays as it was."""
    client.cookies["django_language"] = "es"
    page = client.get(reverse(name))
    assert language(page) == "en"
    assert "site-language" not in page.content.decode()
    assert language(client.get(reverse("help"))) == "es"


def test_to_a_third_party_and_to_staff_everything_is_in_english(client):
    """T2: whatever the address, the cookie or the account says."""
    client.cookies["django_language"] = "es"
    for user in (MembershipFactory(user__language="es").user, OperatorFactory(language="es")):
        client.force_login(user)
        for name in ("home", "help", "notices"):
            assert language(client.get(reverse(name), {"lang": "es"})) == "en"


def test_registration_and_first_page_are_in_the_preferred_language(client):
    """C6: also with a browser that speaks English, on the page that knows of no account yet, and in the greeting."""
    spoken = {"headers": {"accept-language": "en"}}
    sent = client.post(reverse("register_as", args=["residential"]), typed(MeterFactory(), language="es"), **spoken)
    assert language(client.get(sent["Location"], **spoken)) == "es"
    client.post(confirmation_link(), **spoken)
    del client.cookies["django_language"]
    welcome = log_in(client, "rosa.delgado")
    assert welcome.status_code == 302
    home = client.get(reverse("home"), **spoken)
    assert language(home) == "es" and "Successfully" not in home.content.decode()


def test_numbers_and_short_dates_in_spanish_cannot_be_misread():
    """C6: people in Texas write 72.953 and mean it, and 03/04 is two days."""
    with translation.override("es"):
        assert number_format(Decimal("1696.617"), force_grouping=True) == "1,696.617"
        assert date_format(date(2026, 3, 4), "SHORT_DATE_FORMAT") == "4 de marzo de 2026"
