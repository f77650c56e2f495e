"""Initiating agreements through the pages, as a third party's user does (T4 to T10)."""

from __future__ import annotations

import itertools
import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.models import Agreement, Draft
from agreements.states import Channel
from notifications.models import Email
from tests.factories import AgreementFactory, MembershipFactory, MeterFactory
from tests.support.agreement_forms import NEW, PAGE_2, page_1, page_1_registered, review_of, rows
from tests.support.agreements import initiate, registered_customer
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def meter():
    return MeterFactory()


class TestPage1:
    def test_a_valid_request_leads_to_page_2(self, client, member, meter):
        """T4."""
        location = review_of(client, meter)
        assert location == reverse("agreement_review", args=[Draft.objects.get().pk])
        assert not Agreement.objects.exists() and not Email.objects.exists()

    def test_without_javascript_every_field_has_a_hint(self, client, member):
        """T10."""
        page = client.get(NEW)
        for name in page_1():
            assert f'name="{name}"' in page.content.decode(), name
        assert "Only for a residential customer who is not registered" in page_text(page)
        assert "Only for a business customer who is not registered" in page_text(page)
        assert "Middle initial (optional)" in page_text(page) and "Last name (optional)" not in page_text(page)

    def test_add_another_meter_shows_three_more_rows(self, client, member, meter):
        """T4, T10: a button that works without JavaScript."""
        page = client.post(NEW, page_1(meter, first_name="Ro sa", add_meters="1"))
        body = page.content.decode()
        assert 'name="meters-5-esiid"' in body and 'name="meters-6-esiid"' not in body
        assert 'value="Ro sa"' in body and f'value="{meter.premise.esiid}"' in body
        assert "There is a problem" not in body and not Draft.objects.exists()

    def test_enter_presses_continue_and_not_add_another_meter(self, client, member):
        """T10: a browser presses a form's first button."""
        form = client.get(NEW).content.decode().split("data-agreement-form")[1]
        assert "add_meters" not in re.findall(r"<button[^>]*>", form)[0]

    def test_errors_are_shown_at_the_top_and_at_the_field(self, client, member, meter):
        """A2."""
        page = client.post(NEW, page_1(meter, zip_code="7752", first_name='<b>"Rosa"', email="rosa@"))
        body = page.content.decode()
        assert page.status_code == 200 and body.count("Enter a ZIP code with 5 or 9 digits") == 2
        assert '<a href="#id_zip_code">' in body and 'id="id_zip_code"' in body
        assert 'value="7752"' in body and 'value="rosa@"' in body and f'value="{meter.premise.esiid}"' in body
        assert "&lt;b&gt;&quot;Rosa&quot;" in body
        assert "<title>Error: " in body

    def test_every_link_of_the_summary_leads_to_something_on_the_page(self, client, member):
        """A1, A2."""
        answers = {"registered": "no", "first_name": "", "phone": "x", "meters-1-esiid": "1"}
        body = client.post(NEW, page_1(**answers, kind="", report_type="", report_length="")).content.decode()
        targets = re.findall(r'<li><a href="#([^"]+)">', body)
        assert len(targets) == 7  # kind, first name, phone, both fields of meter 2, report type and length
        assert all(f'id="{target}"' in body for target in targets)

    def test_a_mismatch_names_the_row_and_its_possible_causes_and_keeps_everything(self, client, member, meter):
        """T7."""
        other = MeterFactory()
        entered = page_1(meter, first_name="Rosa-Maria") | {
            "meters-1-esiid": other.premise.esiid,
            "meters-1-meter_number": "999",
        }
        page = client.post(NEW, entered)
        body, words = page.content.decode(), page_text(page)
        assert page.status_code == 200 and not Draft.objects.exists()
        assert unescape(body).count("Meter 2: what you entered doesn't match our records.") == 2
        assert '<a href="#id_meters-1-esiid">' in body
        for cause in (
            "ESIID is incorrect",
            "meter number is incorrect",
            "don't match each other",
            "less than 60 days",
        ):
            assert words.count(cause) == 1, cause  # in the summary
        assert "digital display" in words
        assert 'value="Rosa-Maria"' in body and 'value="999"' in body and other.premise.esiid in body

    def test_no_answer_is_an_oracle(self, client, member, settings):
        """T7: whatever is wrong, with whatever customer, the page is the same but for what was entered."""
        settings.FAILED_MATCHES_PER_USER = settings.FAILED_MATCHES_PER_ESIID = 100  # X2 is not what is tried here
        claim, meter = registered_customer()
        foreign, unregistered = MeterFactory(), MeterFactory()
        nobody = ("10443729999999999", "98989898")
        pairs = {
            "registered, ESIID right, meter wrong": (meter.premise.esiid, foreign.number),
            "registered, ESIID wrong, meter right": (nobody[0], meter.number),
            "registered, both right": (meter.premise.esiid, meter.number),
            "registered, both wrong": nobody,
            "unregistered, ESIID right, meter wrong": (unregistered.premise.esiid, foreign.number),
            "unregistered, ESIID wrong, meter right": (nobody[0], unregistered.number),
            "unregistered, both right": (unregistered.premise.esiid, unregistered.number),
            "unregistered, both wrong": nobody,
        }
        email = claim.customer.user.email
        bodies = {}
        for (name, (esiid, number)), said in itertools.product(pairs.items(), ("yes", "no")):
            # "both right" is refused by the wrong email, or by the wrong answer to "already registered?"
            if name == f"{'un' if said == 'no' else ''}registered, both right":
                if said == "no":
                    continue  # this one is right indeed
                address = "somebody-else@example.net"
            else:
                address = email
            blank = page_1_registered(address) if said == "yes" else page_1(email=address)
            response = client.post(NEW, blank | rows((esiid, number)))
            assert response.status_code == 200, name
            bodies[name, said] = _without_entries(response.content.decode(), esiid, number, address)
        for said in ("yes", "no"):
            assert len({body for (_, answer), body in bodies.items() if answer == said}) == 1
        assert len(bodies) == 15

    @pytest.mark.parametrize("repeated", [True, False])
    def test_a_pending_or_repeated_meter_is_refused_with_its_row(self, client, member, meter, repeated):
        """L6."""
        if repeated:
            page = client.post(NEW, page_1(meter, meter))
            assert "Meter 2: this ESIID is already on this form as meter 1." in page_text(page)
        else:
            number = initiate(member.user, meter)[0].number
            assert f"Meter 1: agreement {number} for this report is already waiting" in page_text(
                client.post(NEW, page_1(meter))
            )

    def test_the_yearly_limit_names_the_next_possible_day(self, client, member, meter):
        """L5."""
        for months in ("1d", "1m", "6m"):
            last = AgreementFactory(company=member.company, premise=meter.premise, report_length=months)
        words = page_text(client.post(NEW, page_1(meter)))
        free = timezone.localtime(last.initiated_at) + timedelta(days=365)
        assert "already created 3 agreements" in words and f"{free:%B} {free.day}, {free.year}" in words

    @pytest.mark.parametrize("draft", ["nonsense", "", str(uuid.UUID("0b9a7a4e-56b3-4c54-9a7e-3d7c2f1a9e10"))])
    def test_a_draft_that_does_not_exist_is_not_found(self, client, member, draft):
        """T12."""
        assert client.get(NEW, {"draft": draft}).status_code == 404

    def test_the_browser_does_not_suggest_the_customers_data(self, client, member):
        """The customer's name and address are not the user's own."""
        body = client.get(NEW).content.decode()
        for name in ("first_name", "street", "zip_code", "phone", "email", "meters-0-esiid"):
            assert 'autocomplete="off"' in re.search(rf'<input[^>]*name="{name}"[^>]*>', body)[0]


def _without_entries(body: str, *entered: str) -> str:
    """A page without what differs each time and what was entered."""
    body = re.sub(r'name="(csrfmiddlewaretoken|form_owner)" value="[^"]+"', "", body)
    for value in entered:
        body = body.replace(f'value="{value}"', 'value=""')
    return body


class TestSubmissionPage:
    def test_reads_page_1_back_with_a_way_to_change_it(self, client, member, meter):
        """T8."""
        address = review_of(client, meter)
        page = client.get(address)
        words = page_text(page)
        for value in ("Rosa M Delgado", "206 Boxwood Drive, Baytown, TX 77520", "(512) 555-0102", "Spanish"):
            assert value in words
        for value in (meter.premise.esiid, meter.number, "15-minute readings", "3 months", "rosa@example.net"):
            assert value in words
        change = f"{NEW}?draft={Draft.objects.get().pk}"
        assert page.content.decode().count('form="page-2" name="change"') == 4  # back, and Change at three sections
        again = client.get(change).content.decode()
        for value in ("Rosa", "206 Boxwood Drive", meter.premise.esiid, meter.number, "77520"):
            assert f'value="{value}"' in again
        assert re.search(r'value="no"[^>]*checked', again) and re.search(r'value="3m"[^>]*checked', again)

    def test_contact_and_company_come_from_the_profiles(self, client, member, meter):
        """T8."""
        body = client.get(review_of(client, meter)).content.decode()
        assert 'value="James Wilson"' in body and f'value="{member.user.email}"' in body
        assert 'value="(512) 555-0100"' in body
        assert member.company.legal_name in body and "https://green-energy.example/privacy" in body
        assert 'name="company_name"' not in body

    def test_a_missing_privacy_policy_is_mentioned(self, client, member, meter):
        """T8, C7."""
        member.company.privacy_policy_url = ""
        member.company.save()
        assert "Not provided. We'll tell the customer." in page_text(client.get(review_of(client, meter)))

    def test_a_registered_customer_is_read_back_masked(self, client, member):
        """T6: a form must not be a way to look people up."""
        claim, meter = registered_customer()
        user = claim.customer.user
        response = client.post(NEW, page_1_registered(user.email, meter), follow=True)
        words = page_text(response)
        assert "C••• A•••" in words and "4••• N••• O••• S•••, 75012" in words
        for secret in ("Chika", "Akin", "Olive", "400 N", "Sunnyvale", str(user.phone), "555-0100 "):
            assert secret not in words.replace("512-555-0100", "").replace("(512) 555-0100", ""), secret

    def test_the_kind_on_record_is_read_back_and_the_suffix_is_on_the_agreement(self, client, member):
        """T6: whatever kind was typed."""
        claim, meter = registered_customer()
        customer, user = claim.customer, claim.customer.user
        customer.suffix = "Jr."
        customer.save()
        response = client.post(NEW, page_1_registered(user.email, meter, kind="business"), follow=True)
        assert customer.get_kind_display() == "Residential"
        assert "Kind of customer Residential" in page_text(response)
        client.post(response.wsgi_request.path, PAGE_2)
        agreement = Agreement.objects.get()
        assert agreement.customer_name.endswith(f"{user.last_name} Jr.")
        actions.accept(agreement, channel=Channel.INVITATION)
        assert f"Name: {agreement.customer_name}\n" in Agreement.objects.get().letter.text
        assert agreement.customer_name in page_text(client.get(reverse("agreement", args=[agreement.number])))

    def test_without_the_attestation_nothing_is_created_and_everything_is_kept(self, client, member, meter):
        """T8, BR-019.012."""
        entered = PAGE_2 | {"contact_name": "Ann Lee", "attested": ""}
        page = client.post(review_of(client, meter), entered)
        body = page.content.decode()
        assert "Confirm that you have the customer&#x27;s authorization" in body
        assert 'href="#id_attested"' in body and 'value="Ann Lee"' in body and "We spoke on the phone." in body
        assert not Agreement.objects.exists() and not Email.objects.exists()

    def test_a_forged_company_name_is_ignored(self, client, member, meter):
        """T8, functional rule 4."""
        forged = {"company_name": "Oncor", "company": "1", "privacy_policy_url": "https://oncor.example"}
        client.post(review_of(client, meter), PAGE_2 | forged)
        agreement = Agreement.objects.get()
        assert agreement.third_party_name == member.company.legal_name
        assert agreement.submission.privacy_policy_url == "https://green-energy.example/privacy"

    def test_a_refused_submission_leads_back_with_all_entries(self, client, member, meter):
        """L5, L6, T7: somebody else of the company was quicker."""
        address = review_of(client, meter)
        initiate(MembershipFactory(company=member.company).user, meter)
        page = client.post(address, PAGE_2 | {"comments": "Call me"})
        words = page_text(page)
        assert page.status_code == 200 and "already waiting for the customer" in words
        assert "Go back and change your answers. We've kept everything you entered." in words
        back = f"{NEW}?draft={Draft.objects.get(user=member.user).pk}"
        assert f'value="{meter.premise.esiid}"' in client.get(back).content.decode()
        changed = client.post(back, page_1(MeterFactory()))["Location"]
        assert "Call me" in client.get(changed).content.decode()
        assert Agreement.objects.count() == 1

    def test_another_users_draft_is_not_found(self, client, member, meter):
        """T12: not even a colleague's."""
        address = review_of(client, meter)
        client.force_login(MembershipFactory(company=member.company).user)
        draft = Draft.objects.get().pk
        for path in (address, reverse("agreement_submitted", args=[draft]), f"{NEW}?draft={draft}"):
            assert client.get(path).status_code == 404
        assert client.post(address, PAGE_2).status_code == 404
        assert not Agreement.objects.exists()
