"""Searching one's agreements: what it finds, and what it never tells (T1, T6)."""

from __future__ import annotations

import copy
import html
import re
import unicodedata

import pytest

from agreements.models import Agreement
from agreements.states import ReportState, Status
from tests.agreements.test_search_parsing import BY
from tests.factories import AgreementFactory, CustomerFactory, MembershipFactory, PremiseFactory
from tests.support.third_party_pages import LIST, link_of, numbers, page_text


@pytest.fixture(scope="module")
def full_company(module_transaction):
    """The membership of a company that has more agreements than are listed at once."""
    membership = MembershipFactory()
    of = {"company": membership.company, "submission__initiated_by": membership.user}
    premise = PremiseFactory(esiid="10203040000000001")
    AgreementFactory.create_batch(
        26,
        premise=premise,
        status=Status.WITHDRAWN,
        first_name="No",
        last_name="Nobody",
        meter_number="9",
        street="1 Main Street",
        city="Austin",
        **of,
    )
    return membership


@pytest.fixture
def member(client, full_company, db):
    """A member, logged in, of that company."""
    client.force_login(full_company.user)
    return copy.deepcopy(full_company)


def find(client, by: str, items: str, **wanted: str):
    """The page after a search, as a person reaches it."""
    response = client.post(LIST, {"by": by, "items": items}, follow=True)
    return client.get(response.request["PATH_INFO"], {"by": by, "items": items} | wanted) if wanted else response


def box(response) -> str:
    match = re.search(r"(?s)<textarea[^>]*>(.*?)</textarea>", response.content.decode())
    assert match
    return html.unescape(match[1]).strip()


class TestResults:
    @pytest.fixture
    def wanted(self, member):
        return AgreementFactory(
            company=member.company,
            number="010526000007",
            premise=PremiseFactory(esiid="10443720009000017"),
            meter_number="142606737LG",
            last_name="Núñez-O’Brien",
            email="rosa.delgado@mail.example",
            street="17 Old Boxwood Dr",
            zip_code="77521",
        )

    @pytest.fixture(autouse=True)
    def others(self, wanted):
        """Another company's with the same particulars: never found."""
        return AgreementFactory(
            number="010526000008",
            premise=wanted.premise,
            meter_number=wanted.meter_number,
            last_name=wanted.last_name,
            email=wanted.email,
            street=wanted.street,
            zip_code=wanted.zip_code,
        )

    @pytest.mark.parametrize(
        ("by", "items"),
        [
            ("number", "010526000007"),
            ("number", "0105*"),
            ("number", "010526000008, 010526000007"),
            ("esiid", "'10443720009000017"),
            ("esiid", "1044 3720 0090 00017"),
            ("esiid", "10443*"),
            ("meter", "142606737lg"),
            ("meter", "A142606737LG"),
            ("meter", "1426*"),
            ("name", "Núñez-O’Brien"),
            ("name", "nunez o'brien"),
            ("name", "NUNEZOBRIEN"),
            ("name", "nuñez*"),
            ("name", "brien"),
            ("name", "uñez"),
            ("name", "Rosa"),
            ("name", "obrien rosa"),
            ("email", "Rosa.Delgado@Mail.example"),
            ("email", "rosa.d*"),
            ("address", "17 Old Boxwood"),
            ("address", "boxwood dr., Baytown; 1 Nowhere Street"),
            ("address", "Baytown 77521"),
            ("name", "N*"),
            ("name", unicodedata.normalize("NFD", "Núñez-O’Brien")),
        ],
    )
    def test_each_search_type_finds_own_agreements_only(self, client, wanted, by, items):
        """T1, T12: another company's agreement about the same meter and customer is not there."""
        response = find(client, by, items)
        names_nobody = by == "name" and items == "N*"  # the other 26 are called Nobody
        assert wanted.number in numbers(response) and len(numbers(response)) == (25 if names_nobody else 1)
        assert "010526000008" not in numbers(response)

    @pytest.mark.parametrize(
        ("by", "items"),
        [("number", "10526*"), ("esiid", "0443720009*"), ("meter", "LG*"), ("name", "Brien*"), ("email", "delgado*")],
    )
    def test_a_prefix_does_not_match_inside_a_value(self, client, by, items):
        """T1."""
        response = find(client, by, items)
        assert numbers(response) == [] and f"No agreements found for: {items}" in page_text(response)
        assert "Show all agreements, newest first" in page_text(response)

    def test_sql_wildcards_are_literal(self, client):
        """T1, T6: % and _ find nothing more."""
        for items in ("N%y", "_unez*", "Del_ado", "D%o Rosa"):
            assert numbers(find(client, "name", items)) == [], items

    def test_says_how_many_it_found_and_which_items_it_did_not(self, client, wanted):
        """T1."""
        words = page_text(find(client, "number", "010526000007, 999999000001, 9998*"))
        assert "1 agreement found" in words and "No agreements found for: 999999000001, 9998*" in words

    def test_the_search_url_can_be_shared(self, client, wanted):
        """T1: it is a GET; the box holds what was searched; the next page and the sorted columns keep it."""
        response = client.post(LIST, {"by": "esiid", "items": "'10443720009000017\r\n10203*"})
        assert response.status_code == 302
        assert response["Location"] == "/agreements/?by=esiid&items=10443720009000017,10203*"
        again = client.get(response["Location"])
        assert "27 agreements found" in page_text(again) and box(again) == "10443720009000017, 10203*"
        kept = "?by=esiid&amp;items=10443720009000017,10203*&amp;"
        assert f'href="{kept}sort=customer"' in again.content.decode()
        assert f'href="{kept}status=withdrawn"' in again.content.decode()
        following = link_of(again, "next")
        assert following.startswith("/agreements/?by=esiid&items=10443720009000017,10203*&after=")
        assert len(numbers(client.get(following))) == 2

    def test_results_can_be_filtered_and_sorted(self, client, wanted):
        """T3."""
        query = {"by": "esiid", "items": "10443720009000017, 10203*"}
        assert numbers(client.get(LIST, query | {"status": "pending"})) == [wanted.number]
        assert numbers(client.get(LIST, query | {"sort": "-customer"}))[0] == wanted.number
        assert "All 27 Pending 1 Complete 0" in page_text(client.get(LIST, query | {"status": "withdrawn"}))

    @pytest.mark.slow
    def test_a_hundred_items_are_found(self, client, member):
        """T1: as ESIIDs of the longest kind they fit into an address."""
        made = [
            AgreementFactory(company=member.company, premise=PremiseFactory(esiid=f"1008901{place:015d}"))
            for place in range(100)
        ]
        response = find(client, "esiid", ", \r\n".join(f"'{agreement.esiid}" for agreement in made))
        assert response.status_code == 200 and "100 agreements found" in page_text(response)
        assert len(response.redirect_chain) == 1 and len(response.redirect_chain[0][0]) < 4000
        assert "No agreements found for" not in page_text(response)


class TestErrors:
    @pytest.mark.parametrize(
        ("by", "items", "message"),
        [
            ("number", "", "Enter what to search for"),
            ("number", " , ,\r\n", "Enter what to search for"),
            ("number", "102512000233, 1O2, 7", "Check: 1O2, 7"),
            ("esiid", "10443720009000017, 1044372", "Check: 1044372"),
            ("meter", "1040/5", "Check: 1040/5."),
            ("name", "102*", "Check: 102*."),
            ("email", "rosa", "Check: rosa."),
            ("address", "5 A", "Check: 5 A."),
            ("number", "*", "Put * only at the end of an item"),
            ("name", "d*z", "Check: d*z."),
            ("", "102*", "Choose what to search by"),
            ("password", "102*", "Choose what to search by from the list"),
        ],
    )
    @pytest.mark.parametrize("method", ["post", "get"])
    def test_shows_errors_at_the_field_and_above_and_keeps_the_entry(self, client, member, method, by, items, message):
        """T1, A2."""
        response = getattr(client, method)(LIST, {"by": by, "items": items})
        body = response.content.decode()
        assert response.status_code == 200 and page_text(response).count(message) == 2
        assert "There is a problem" in body and "<title>Error: " in body
        assert box(response) == items.strip() and len(numbers(response)) == 25
        assert re.findall(r'value="(\w+)" selected', body) == ([by] if by in BY else [])
        assert f'href="#id_{"items" if by in BY else "by"}"' in body

    def test_a_hundred_and_one_items_are_too_many(self, client, member):
        """T1: nothing of them is lost."""
        entered = "\n".join(f"102512{place:06d}" for place in range(101))
        response = client.post(LIST, {"by": "number", "items": entered})
        assert page_text(response).count("Enter 100 items or fewer. You entered 101.") == 2
        assert box(response).split() == entered.split()

    def test_names_a_few_of_many_wrong_items(self, client, member):
        """A2: a message can be read."""
        entered = ",".join(["y" * 999, *(f"x{place}" for place in range(30))])
        response = client.post(LIST, {"by": "number", "items": entered})
        assert "y" * 40 + "…, x0, x1" in page_text(response) and "x8 and 21 more" in page_text(response)

    def test_items_too_long_for_a_url_are_refused(self, client, member):
        """A2: a web server would refuse them in its own."""
        names = ", ".join("王" * 50 + chr(0x4E00 + place) for place in range(20))
        response = client.post(LIST, {"by": "name", "items": names})
        assert "Together, these are too long" in page_text(response) and box(response) == names


class TestMasking:
    """T6: what a third party may not read, it cannot find."""

    @pytest.mark.parametrize(
        ("by", "entered", "of_nobody"),
        [
            ("name", ("Akin", "akin", "A*", "Aki*", "kin", "Chika", "chika akin"), ("Boon", "Dora", "Dora Boon")),
            ("address", ("400 North Olive", "olive", "Sunnyvale", "75182"), ("500 North Pecan", "pecan", "75111")),
        ],
    )
    def test_what_is_masked_is_not_found(self, client, member, by, entered, of_nobody):
        """T6, T1: not whole, not a part; the answer is that of what nobody has, letter by letter."""
        AgreementFactory(
            company=member.company, customer=CustomerFactory(), first_name="Chika", last_name="Akin",
            street="400 North Olive Street", city="Sunnyvale", zip_code="75182",
        )  # fmt: skip
        bodies = set()
        for items in (*entered, *of_nobody):
            response = find(client, by, items)
            assert numbers(response) == [] and f"No agreements found for: {items}" in page_text(response)
            body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
            bodies.add(body.replace(items, "What was entered"))
        assert len(bodies) == 1

    def test_it_is_found_after_the_acceptance(self, client, member):
        """T6."""
        agreement = AgreementFactory(company=member.company, customer=CustomerFactory(), last_name="Akin")
        Agreement.objects.filter(pk=agreement.pk).update(
            status=Status.COMPLETE,
            ended_at=agreement.initiated_at,
            awaits_data_until=agreement.initiated_at,
            report_state=ReportState.AWAITING_DATA,
            granted_type=agreement.report_type,
            granted_length=agreement.report_length,
        )
        assert numbers(find(client, "name", "akin")) == [agreement.number]

    @pytest.mark.parametrize("status", [Status.REJECTED, Status.NOT_ACCEPTED, Status.WITHDRAWN])
    def test_it_is_never_found_without_an_acceptance(self, client, member, status):
        """T6."""
        AgreementFactory(company=member.company, customer=CustomerFactory(), last_name="Akin", status=status)
        assert numbers(find(client, "name", "akin")) == []

    def test_it_is_found_by_the_entered_numbers_and_masked(self, client, member):
        """T6: the ESIID and the meter number are its own."""
        agreement = AgreementFactory(
            company=member.company, customer=CustomerFactory(), first_name="Chika", last_name="Akin", meter_number="777"
        )
        numbers_of_it = (("esiid", agreement.esiid), ("meter", "777"), ("number", agreement.number))
        for by, items in (*numbers_of_it, ("email", agreement.email)):
            response = find(client, by, items)
            assert numbers(response) == [agreement.number]
            words = page_text(response)
            assert "C••• A•••" in words and "Akin" not in words and agreement.street not in words

    def test_a_deleted_name_is_not_found(self, client, member):
        """X6: retention empties the name by an update; the key goes with it."""
        agreement = AgreementFactory(company=member.company, last_name="Zimmermann")
        assert numbers(find(client, "name", "zimmer*")) == [agreement.number]
        Agreement.objects.filter(pk=agreement.pk).update(last_name="")
        assert numbers(find(client, "name", "zimmer*")) == []


@pytest.mark.parametrize(
    ("stored", "entered"),
    [
        ("José", "Jose"),
        ("Jose", "JOSÉ"),
        ("Straße", "STRASSE"),
        ("Ørsted", "orsted"),
        ("Łukasz", "lukasz"),
        ("Æbelø", "aebelo"),
        ("O’Brien", "o`brien"),
        ("Smith-Jones", "smith jones"),
        ("De la Cruz", "delacruz"),
        ("Жуков", "жуков"),
        ("王", "王"),
    ],
)
def test_names_match_without_case_accents_and_punctuation(client, member, stored, entered):
    """T1."""
    agreement = AgreementFactory(company=member.company, last_name=stored)
    assert numbers(find(client, "name", entered)) == [agreement.number]
    assert agreement.number in numbers(find(client, "name", f"{entered[:1]}*"))
