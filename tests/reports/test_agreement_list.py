"""The third party's list of agreements: what a row says, narrowing, sorting, paging (T1 to T3)."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agreements import actions
from agreements.masking import customer_for_third_party
from agreements.models import Agreement
from agreements.request import Person
from agreements.states import Channel, Status
from tests.factories import (
    AgreementFactory,
    CustomerFactory,
    PremiseFactory,
    ReportFactory,
)
from tests.support.agreement_stages import in_stage
from tests.support.agreements import initiate, registered_customer
from tests.support.third_party_pages import LIST, agreement_url, link_of, numbers, overdue_agreement, page_text

pytestmark = pytest.mark.django_db
NEW_LINK = 'href="/agreements/new/"'


def actions_of_rows(response) -> dict[str, str]:
    """Return the words of each row's button by the agreement's number."""
    pattern = r'class="btn btn--small[^>]*>(?:<svg.*?</svg>)?([^<]+)<span[^>]*> ([0-9]{12})<'
    return {number: words for words, number in re.findall(pattern, response.content.decode())}


def _only_email(claim) -> Person:
    return Person(email=claim.customer.user.email)


class TestRows:
    def test_shows_the_companys_agreements_newest_first(self, client, member):
        """T1, T3."""
        old = AgreementFactory(company=member.company, initiated_at=timezone.now() - timedelta(days=3))
        new = AgreementFactory(company=member.company)
        AgreementFactory()
        response = client.get(LIST)
        assert numbers(response) == [new.number, old.number]
        words = page_text(response)
        assert f"ESIID …{new.esiid[-7:]}" in words and new.esiid not in words
        assert "15-minute readings, 3 months" in words and "Pending" in words
        assert f"Rosa Delgado {new.street}, {new.city}" in words
        sent, expires = (timezone.localtime(at) for at in (new.initiated_at, new.expires_at))
        assert f"Created {sent:%b} {sent.day}, {sent.year}. Expires {expires:%b} {expires.day}, {expires.year}" in words

    def test_a_registered_customer_is_masked_until_the_acceptance(self, client, member):
        """T6."""
        claim, meter = registered_customer()
        agreement = initiate(member.user, meter, person=_only_email(claim), registered=True)[0]
        for path in (LIST, agreement_url(agreement)):
            words = page_text(client.get(path))
            assert "C••• A•••" in words
            for secret in ("Chika", "Akin", "Olive", "Sunnyvale", "400 N"):
                assert secret not in words, (path, secret)
        actions.accept(agreement, channel=Channel.ACCOUNT, by=claim.customer.user)
        assert "Chika Akin" in page_text(client.get(LIST)) and "400 N Olive Street" in page_text(
            client.get(agreement_url(agreement))
        )

    def test_a_registered_customer_who_rejected_stays_masked(self, client, member):
        """T6: also in the history, where the customer acted under the own account."""
        claim, meter = registered_customer()
        agreement = initiate(member.user, meter, person=_only_email(claim), registered=True)[0]
        actions.reject(agreement, channel=Channel.ACCOUNT, by=claim.customer.user)
        words = page_text(client.get(agreement_url(agreement)))
        assert "By the customer, in the account on this portal" in words
        assert "Chika" not in words and "Akin" not in words and "Olive" not in words

    def test_a_business_is_listed_with_its_person(self, client, member):
        """T3: whom the search finds by the last name must be seen in what it found."""
        AgreementFactory(company=member.company, customer_kind="business", customer_company_name="Baytown Bakery")
        assert "Baytown Bakery Rosa Delgado" in page_text(client.get(LIST))

    def test_an_empty_list_leads_to_a_new_agreement(self, client, member):
        """T2."""
        response = client.get(LIST)
        assert "No agreements yet" in page_text(response) and reverse("agreement_new") in response.content.decode()

    def test_an_overdue_request_is_shown_as_ended_before_the_sweep(self, client, member):
        """L2, T3: in its row, in the counts of the tabs, and in their lists."""
        overdue, pending = overdue_agreement(member.company), AgreementFactory(company=member.company)
        words = page_text(client.get(LIST))
        expired = timezone.localtime(overdue.expires_at)
        assert f"Not Accepted Expired {expired:%b} {expired.day}, {expired.year}" in words
        assert "All 2 Pending 1 Complete 0 Rejected 0 Not Accepted 1 Withdrawn 0" in words
        assert numbers(client.get(LIST, {"status": "pending"})) == [pending.number]
        assert numbers(client.get(LIST, {"status": "not_accepted"})) == [overdue.number]
        actions.expire_overdue()
        assert "All 2 Pending 1 Complete 0 Rejected 0 Not Accepted 1 Withdrawn 0" in page_text(client.get(LIST))
        assert numbers(client.get(LIST, {"status": "not_accepted"})) == [overdue.number]

    def test_a_row_has_what_can_be_done_at_once(self, client, member):
        """T3, T12: as far as the user may."""
        pending, rejected = AgreementFactory(company=member.company), in_stage(member.company, "rejected")
        ready, held = (in_stage(member.company, state) for state in ("ready", "held"))
        offered = actions_of_rows(client.get(LIST))
        assert offered == {
            pending.number: "Send reminder",
            rejected.number: "View",
            ready.number: "Download",
            held.number: "View",
        }
        member.may_download = member.may_resend_or_withdraw = False
        member.save()
        assert set(actions_of_rows(client.get(LIST)).values()) == {"View"}

    def test_a_reminder_is_sent_from_the_list(self, client, member):
        """T3, L4: and the page of the list comes back."""
        agreement = AgreementFactory(company=member.company)
        page = f"{LIST}?status=pending"
        response = client.post(agreement_url(agreement, "agreement_resend"), {"next": page}, follow=True)
        assert response.redirect_chain == [(page, 302)] and "Email resent" in page_text(response)
        elsewhere = client.post(agreement_url(agreement, "agreement_resend"), {"next": "//evil.example/"})
        assert elsewhere["Location"] == agreement_url(agreement)

    def test_without_the_permission_to_initiate_the_button_is_not_active(self, client, member):
        """T12: and says why."""
        member.may_initiate = False
        member.save()
        response = client.get(LIST)
        assert 'aria-disabled="true"' in response.content.decode()
        assert "You don't have permission" in page_text(response) and NEW_LINK not in response.content.decode()

    @pytest.mark.parametrize("how_many", [1, 26])
    def test_without_the_permission_to_view_there_is_nothing_to_see(self, client, member, how_many):
        """T12: neither in the list nor by a search."""
        agreement = AgreementFactory.create_batch(how_many, company=member.company)[0]
        member.may_view = False
        member.save()
        for query in ({}, {"show": "all"}, {"by": "number", "items": agreement.number}):
            response = client.get(LIST, query)
            assert numbers(response) == [] and "permission to view" in page_text(response)
            assert "All 1" not in page_text(response) and "All 26" not in page_text(response)
            assert "agreements found" not in page_text(response) and "agreement found" not in page_text(response)
        assert client.get(agreement_url(agreement)).status_code == 404

    @pytest.mark.parametrize("how_many", [0, 1, 25, 60])
    def test_costs_few_queries_however_many_there_are(self, client, member, how_many):
        """T3: few queries, whatever the length of the list."""
        for agreement in AgreementFactory.create_batch(how_many, company=member.company, status=Status.COMPLETE):
            ReportFactory(agreement=agreement)
        first = Agreement.objects.filter(company=member.company).first()
        everything = {"report": "ready", "sort": "-customer", "after": first.number if first else "1"}
        client.get(LIST)  # the first page of a session writes down the browser and the network (X1)
        searched = {"by": "name", "items": "del*, akin, o'b*"}
        for query in ({}, {"status": "not_accepted"}, everything, everything | searched):
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST, query)
            asked = [one["sql"][:120] for one in queries if "SAVEPOINT" not in one["sql"]]
            assert 4 <= len(asked) <= 9, asked


class TestLong:
    def test_from_26_on_the_search_stands_above_the_newest(self, client, member):
        """T1: the list never disappears."""
        AgreementFactory.create_batch(25, company=member.company)
        AgreementFactory.create_batch(3)
        response = client.get(LIST)
        assert len(numbers(response)) == 25 and 'role="search"' not in response.content.decode()
        newest = AgreementFactory(company=member.company)
        response = client.get(LIST)
        assert len(numbers(response)) == 25 and numbers(response)[0] == newest.number
        words = page_text(response)
        assert 'role="search"' in response.content.decode() and "Up to 100, separated by commas." in words
        assert "All 26" in words and "26 agreements, 25 on this page" in words and NEW_LINK in response.content.decode()

    @pytest.mark.slow
    @pytest.mark.parametrize("sort", ["-initiated", "initiated", "customer", "-customer", "expires", "-expires"])
    def test_pages_forward_and_backward_show_each_agreement_once(self, client, member, sort):
        """T3, O9: also where many have the same key, or none."""
        now = timezone.now()
        for place in range(56):
            AgreementFactory(
                company=member.company,
                initiated_at=now - timedelta(hours=place // 4),
                last_name=f"Name{'ABC'[place % 3]}",
                customer=CustomerFactory() if place % 7 == 0 else None,
            )
        pages, url = [], f"{LIST}?status=pending&sort={sort}"
        while url:
            pages.append(client.get(url))
            url = link_of(pages[-1], "next")
        listed = [numbers(page) for page in pages]
        assert list(map(len, listed)) == [25, 25, 6] and len({*listed[0], *listed[1], *listed[2]}) == 56
        backwards = [listed[2]]
        page = pages[-1]
        while url := link_of(page, "prev"):
            page = client.get(url)
            backwards.insert(0, numbers(page))
        assert backwards == listed and not link_of(pages[0], "prev")

    def test_a_page_begins_beyond_its_row_whatever_was_created_meanwhile(self, client, member):
        """T3: nobody sees a row twice, nor misses one."""
        AgreementFactory.create_batch(30, company=member.company)
        first = client.get(LIST)
        following = link_of(first, "next")
        rest = numbers(client.get(following))
        AgreementFactory.create_batch(3, company=member.company)
        assert numbers(client.get(following)) == rest and len(rest) == 5
        # Before the former first page there are now only three: the list begins again, with a whole page.
        response = client.get(LIST, {"before": numbers(first)[0]})
        assert len(numbers(response)) == 25 and not link_of(response, "prev")

    @pytest.mark.parametrize("cursor", ["nonsense", "999999999999", "", "-1", "²", "of another company"])
    @pytest.mark.parametrize("name", ["after", "before"])
    def test_a_cursor_that_is_no_row_gives_the_first_page(self, client, member, name, cursor):
        """A2"""
        newest = AgreementFactory.create_batch(26, company=member.company)[-1]
        other = AgreementFactory(initiated_at=timezone.now() - timedelta(days=1))
        response = client.get(LIST, {name: other.number if cursor == "of another company" else cursor})
        assert response.status_code == 200 and numbers(response)[0] == newest.number


class TestSorting:
    @pytest.fixture
    def three(self, member):
        """Each column puts them into another order."""
        now = timezone.now()
        made = [
            AgreementFactory(company=member.company, last_name="Öztürk", initiated_at=now - timedelta(days=2)),
            AgreementFactory(company=member.company, last_name="adams", initiated_at=now - timedelta(days=1)),
            AgreementFactory(company=member.company, last_name="Zapata", initiated_at=now, status=Status.COMPLETE),
        ]
        return [agreement.number for agreement in made]

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("-initiated", (2, 1, 0)),
            ("initiated", (0, 1, 2)),
            ("customer", (1, 0, 2)),
            ("-customer", (2, 0, 1)),
            ("expires", (2, 1, 0)),
            ("nonsense", (2, 1, 0)),
        ],
    )
    def test_by_each_column_both_ways(self, client, three, sort, order):
        """T3: names without regard to case and accents; an order that the tab does not have is ignored."""
        assert numbers(client.get(LIST, {"sort": sort})) == [three[place] for place in order]

    @pytest.mark.parametrize(("sort", "order"), [("expires", (0, 1)), ("-expires", (1, 0))])
    def test_pending_requests_by_expiry(self, client, three, sort, order):
        """T3"""
        response = client.get(LIST, {"status": "pending", "sort": sort})
        assert numbers(response) == [three[place] for place in order]

    def test_the_sorted_column_has_aria_sort_and_a_link_that_reverses_the_order(self, client, three):
        """T3, A1: without script."""
        for sort, direction, other in (
            ("expires", "ascending", "-expires"),
            ("-customer", "descending", "customer"),
            ("-initiated", "descending", "initiated"),
        ):
            body = client.get(LIST, {"sort": sort, "status": "pending"}).content.decode()
            assert body.count("aria-sort=") == 1
            assert f'aria-sort="{direction}"><a href="?status=pending&amp;sort={other}">' in body

    def test_masked_names_have_no_order(self, client, member):
        """T6: whatever the names are, those that are masked stand last, newest first."""
        for first, second in (("Aaron", "Zuniga"), ("Zuniga", "Aaron")):
            Agreement.objects.all().delete()
            older, newer = (
                AgreementFactory(company=member.company, customer=CustomerFactory(), last_name=name)
                for name in (first, second)
            )
            unmasked = AgreementFactory(company=member.company, last_name="Zzz")
            for sort in ("customer", "-customer"):
                assert numbers(client.get(LIST, {"sort": sort})) == [unmasked.number, newer.number, older.number]


def test_a_name_has_a_key_exactly_while_the_third_party_sees_it(member):
    """T6: the database's rule for what can be found and sorted by a name is the rule for what is shown."""
    premise = PremiseFactory()
    for status, registered in product(Status, (True, False)):
        customer = CustomerFactory() if registered else None
        agreement = AgreementFactory(premise=premise, status=status, customer=customer)
        assert (agreement.name_key is None) == customer_for_third_party(agreement).is_masked, (status, registered)
        assert agreement.name_key in (None, "delgado")
