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
from agreements.models import Agreement, Review
from agreements.models.review import REVIEW_PREVENTS_REPORT
from agreements.request import Person
from agreements.states import NOT_BEGUN, Channel, ReportState, Status
from reports.agreement_list import REPORT_STAGES, with_report_stage
from tests.factories import AgreementFactory, CustomerFactory, MembershipFactory, PremiseFactory, ReportFactory
from tests.support.agreements import initiate, registered_customer
from tests.support.third_party_pages import LIST, agreement_url, overdue_agreement, page_text

pytestmark = pytest.mark.django_db
NEW_LINK = 'href="/agreements/new/"'


@pytest.fixture
def member(client):
    """A member of an approved company who may do everything, logged in."""
    membership = MembershipFactory()
    client.force_login(membership.user)
    return membership


def numbers(response) -> list[str]:
    """Of the agreements on the page, in its order."""
    return re.findall(r'<a class="num" href="/agreements/([0-9]{12})/">', response.content.decode())


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
        assert f"•••••••••• {new.esiid[-7:]}" in words and new.esiid not in words
        assert "Rosa Delgado" in words and "15-minute interval CSV, 3 months" in words and "Pending" in words
        expires = timezone.localtime(new.expires_at)
        assert f"{expires:%m/%d/%Y}" in words

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
        assert "Baytown Bakery, Rosa Delgado" in page_text(client.get(LIST))

    def test_an_empty_list_leads_to_a_new_agreement(self, client, member):
        """T2."""
        response = client.get(LIST)
        assert "No agreements yet" in page_text(response) and reverse("agreement_new") in response.content.decode()

    def test_an_overdue_request_is_shown_as_ended_before_the_sweep(self, client, member):
        """L2, T3."""
        assert "expired " in page_text(client.get(LIST, {"id": overdue_agreement(member.company).number}))

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
            assert "agreements found" not in page_text(response) and "agreement found" not in page_text(response)
        assert client.get(agreement_url(agreement)).status_code == 404

    @pytest.mark.parametrize("how_many", [0, 1, 25, 60])
    def test_costs_six_queries_however_many_there_are(self, client, member, how_many):
        """T3: few queries, whatever the length of the list."""
        for agreement in AgreementFactory.create_batch(how_many, company=member.company, status=Status.COMPLETE):
            ReportFactory(agreement=agreement)
        everything = {"show": "all", "status": "complete", "report": "ready", "sort": "-report", "page": "2"}
        client.get(LIST)  # the first page of a session writes down the browser and the network (X1)
        for query in ({}, {"show": "all"}, everything, everything | {"by": "name", "items": "del*, akin, o'b*"}):
            with CaptureQueriesContext(connection) as queries:
                client.get(LIST, query)
            assert 4 <= len(queries) <= 6, [one["sql"][:120] for one in queries]


class TestLong:
    def test_25_are_listed_and_26_are_searched(self, client, member):
        """T1."""
        agreements = AgreementFactory.create_batch(25, company=member.company)
        AgreementFactory.create_batch(3)
        response = client.get(LIST)
        assert len(numbers(response)) == 25 and "Search for Customer Agreements" not in page_text(response)
        AgreementFactory(company=member.company)
        response = client.get(LIST)
        words = page_text(response)
        assert numbers(response) == [] and "Search for Customer Agreements" in words
        assert "You have more than 25 Customer Agreements associated with your account." in words
        assert (
            "You can search by agreement number, customer last name, ESIID, or meter number." in words
            and "You can enter up to 100 items" in words
        )
        assert agreements[0].number not in words and NEW_LINK in response.content.decode()

    def test_a_long_list_has_pages_of_25(self, client, member):
        """T1, T3."""
        AgreementFactory.create_batch(26, company=member.company)
        assert 'href="?show=all"' in client.get(LIST).content.decode()
        first, second = (numbers(client.get(LIST, {"show": "all", "page": number})) for number in "12")
        assert (len(first), len(second), len({*first, *second})) == (25, 1, 26)
        assert len(numbers(client.get(LIST, {"show": "all", "page": "nonsense"}))) == 25
        assert len(numbers(client.get(LIST, {"page": "99"}))) == 1

    def test_a_status_of_many_is_one_click_away(self, client, member):
        """T3."""
        AgreementFactory.create_batch(26, company=member.company)
        rejected = AgreementFactory(company=member.company, status=Status.REJECTED)
        response = client.get(LIST)
        assert "Rejected (1)" in page_text(response) and 'href="?status=rejected"' in response.content.decode()
        assert numbers(client.get(LIST, {"status": "rejected"})) == [rejected.number]


def in_state(company, state: str) -> Agreement:
    """An agreement whose report is at `state`, a key of REPORT_STAGES."""
    if state in ("waiting", "none"):
        return AgreementFactory(company=company, status=Status.PENDING if state == "waiting" else Status.WITHDRAWN)
    review = {"held": Review.HELD, "refused": Review.REFUSED, "ready": Review.RELEASED}.get(state, Review.NONE)
    waits = {"period_first_day": None, "period_last_day": None, "awaits_data_until": timezone.now()}
    columns = waits if state == "awaiting_data" else {}
    agreement = AgreementFactory(company=company, status=Status.COMPLETE, review=review, **columns)
    if state in ("ready", "no_data", "failed", "purged"):
        ReportFactory(agreement=agreement, state=state)
    return agreement


class TestFilters:
    def test_by_status(self, client, member):
        """T3: with how many there are of each."""
        pending = AgreementFactory(company=member.company)
        rejected = AgreementFactory(company=member.company, status=Status.REJECTED)
        response = client.get(LIST, {"status": "rejected"})
        assert numbers(response) == [rejected.number] and "Showing 1 of 2 agreements" in page_text(response)
        words = page_text(response)
        assert "All (2)" in words and "Pending (1)" in words and "Withdrawn (0)" in words
        nothing = client.get(LIST, {"status": "withdrawn"})
        assert "No agreements match" in page_text(nothing) and "Show all agreements" in page_text(nothing)
        assert numbers(client.get(LIST, {"status": "nonsense"})) == [rejected.number, pending.number]

    def test_by_report_stage(self, client, member):
        """T3: each of them is found by its state and says it."""
        made = {state: in_state(member.company, state) for state in REPORT_STAGES}
        for state, agreement in made.items():
            response = client.get(LIST, {"report": state})
            assert numbers(response) == [agreement.number], state
            row = re.search(r"(?s)<tbody.*</tbody>", response.content.decode())
            assert row and str(REPORT_STAGES[state].label) in row[0]

    def test_a_report_that_is_tried_again_is_being_made(self, client, member):
        """T3, R1."""
        agreement = in_state(member.company, "failed")
        Agreement.objects.update(report_state=ReportState.RETRYING)
        assert numbers(client.get(LIST, {"report": "making"})) == [agreement.number]
        assert numbers(client.get(LIST, {"report": "failed"})) == []

    def test_every_agreement_is_in_exactly_one_report_stage(self, member):
        """T3: the states leave nothing out and do not overlap."""
        for status, review in product(Status, Review):
            if review != Review.NONE and status != Status.COMPLETE:
                continue  # the database refuses it
            for state in (None, *(state for state in ReportState if state not in NOT_BEGUN)):
                if state and (status != Status.COMPLETE or review in REVIEW_PREVENTS_REPORT):
                    continue  # no report is made
                agreement = AgreementFactory(company=member.company, status=status, review=review)
                if state:
                    ReportFactory(agreement=agreement, state=state)
                one = Agreement.objects.filter(pk=agreement.pk)
                stages = list(REPORT_STAGES.values())
                places = [place for place, stage in enumerate(stages) if one.filter(stage.condition).exists()]
                assert places == [with_report_stage(one).get().report_stage], (status, review, state)

    def test_both_filters_together_are_kept_by_the_next_page(self, client, member):
        """T3."""
        AgreementFactory.create_batch(30, company=member.company, status=Status.COMPLETE)
        in_state(member.company, "held")
        query = {"status": "complete", "report": "making", "sort": "initiated"}
        response = client.get(LIST, query)
        assert len(numbers(response)) == 25 and "30 of 31" in page_text(response)
        assert "?status=complete&amp;report=making&amp;sort=initiated&amp;page=2" in response.content.decode()
        assert len(numbers(client.get(LIST, query | {"page": "2"}))) == 5


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
            ("status", (2, 1, 0)),
            ("-status", (1, 0, 2)),
            ("expires", (0, 1, 2)),
            ("-expires", (1, 0, 2)),
            ("customer", (1, 0, 2)),
            ("-customer", (2, 0, 1)),
            ("report", (1, 0, 2)),
            ("-report", (2, 1, 0)),
            ("nonsense", (2, 1, 0)),
        ],
    )
    def test_by_each_column_both_ways(self, client, three, sort, order):
        """T3: names without regard to case and accents; only open invitations expire."""
        assert numbers(client.get(LIST, {"sort": sort})) == [three[place] for place in order]

    def test_the_sorted_column_has_aria_sort_and_a_link_that_reverses_the_order(self, client, three):
        """T3, A1: without script."""
        for sort, direction, other in (
            ("status", "ascending", "-status"),
            ("-status", "descending", "status"),
            ("-initiated", "descending", "initiated"),
        ):
            body = client.get(LIST, {"sort": sort, "status": "pending"}).content.decode()
            assert body.count("aria-sort=") == 1
            assert f'aria-sort="{direction}"><a href="?sort={other}&amp;status=pending">' in body

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
