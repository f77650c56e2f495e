"""An attacker with an account of a company looks for another company's agreements and reports (T3, T12, L9, R5).

By cursors, searches, tabs, exports, ZIP files and numbers; and whether an answer tells a foreign number from none.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies.models import CompanyStanding
from reports.models import Download
from tests.factories import (
    AgreementFactory,
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    ReportFileFactory,
    TdspFactory,
    UserFactory,
)
from tests.support.third_party_pages import LIST, numbers, overdue_agreement

pytestmark = pytest.mark.django_db

NONE = "010100999999"  # the number of no agreement
PERSON = {"first_name": "Zenobia", "last_name": "Quackenbush", "street": "9 Secret Way", "email": "zq@victim.example"}


@pytest.fixture
def theirs():
    """Agreements of another company, of every kind that a list shows."""
    company = MembershipFactory().company
    ready = ReportFileFactory(report__agreement__company=company, content=b"ESIID\n").report.agreement
    agreements = [AgreementFactory(company=company, **PERSON), overdue_agreement(company), ready]
    agreements += [AgreementFactory(company=company, initiated_at=timezone.now() - timedelta(days=25))]
    return agreements


def without_tokens(response, *words: str) -> str:
    text = response.content.decode() if not response.streaming else b"".join(response.streaming_content).decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"', "", text)
    for word in words:
        text = text.replace(word, "N")
    return text


@pytest.mark.parametrize("tab", [{}, {"status": "pending"}, {"status": "not_accepted"}, {"show": "expiring"},
                                 {"show": "attention"}, {"show": "not_downloaded"}, {"report": "ready"},
                                 {"by": "number", "items": "0*,1*"}])  # fmt: skip
@pytest.mark.parametrize("sort", ["", "customer", "-expires"])
@pytest.mark.parametrize("cursor", ["after", "before"])
def test_a_cursor_of_another_companys_list_begins_anew(client, member, theirs, cursor, sort, tab):
    """T3: the page is the one of a number that does not exist, so it says nothing of the row's place either."""
    for place in range(30):
        AgreementFactory(company=member.company, initiated_at=timezone.now() - timedelta(hours=place))
    for foreign in theirs:
        pages = [client.get(LIST, tab | {"sort": sort, cursor: number}) for number in (foreign.number, NONE)]
        assert pages[0].status_code == 200
        assert without_tokens(pages[0], foreign.number, NONE) == without_tokens(pages[1], foreign.number, NONE)
        assert not {each.number for each in theirs} & set(numbers(pages[0]))


FIELDS = {
    "number": "number", "name": "last_name", "email": "email", "esiid": "esiid", "meter": "meter_number",
    "address": "street",
}  # fmt: skip


@pytest.mark.parametrize(("by", "field"), FIELDS.items())
def test_a_search_finds_nothing_of_another_company(client, member, theirs, by, field):
    """T1, T12: nor does its export, and both answer as for something that nobody has."""
    value = getattr(theirs[0], field)
    query = {"by": by, "items": value}
    page, export = client.get(LIST, query), client.get(reverse("agreement_export"), query)
    assert page.status_code == export.status_code == 200
    assert not numbers(page) and theirs[0].number not in without_tokens(page).replace(value, "")
    assert len(without_tokens(export).splitlines()) == 1  # the heads


def test_an_export_has_only_the_companys_own(client, member, theirs):
    """T12: with every option that a URL can have; names of the other company's customers are nowhere."""
    own = AgreementFactory(company=member.company)
    company, number = theirs[0].company_id, theirs[0].number
    options = [
        {}, {"company": company}, {"company_id": company}, {"after": number}, {"number": number},
        {"status": "not_accepted"}, {"report": "ready"}, {"show": "attention"},
    ]  # fmt: skip
    for query in options:
        text = without_tokens(client.get(reverse("agreement_export"), query))
        assert "Quackenbush" not in text and not [each for each in theirs if each.number in text]
    assert own.number in without_tokens(client.get(reverse("agreement_export")))


def test_a_zip_has_only_the_companys_own(client, member, theirs):
    """R5: whatever is posted with it; nothing of the other company counts as downloaded."""
    own = ReportFileFactory(report__agreement__company=member.company, content=b"ESIID\n").report
    form = {"company": theirs[0].company_id, "number": [each.number for each in theirs]}
    response = client.post(f"{reverse('report_zip')}?company={theirs[0].company_id}&show=not_downloaded", form)
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert archive.namelist() == [own.file_name]
    assert list(Download.objects.values_list("report", flat=True)) == [own.pk]
    assert client.get(reverse("report_zip")).status_code == 405


@pytest.mark.parametrize("what", ["suspended", "pending", "may not view", "may not download", "has left"])
def test_who_may_not_takes_nothing(client, member, what):
    """T12, L9: neither the ZIP file nor a report one by one; the list as CSV needs the permission to view."""
    report = ReportFileFactory(report__agreement__company=member.company, content=b"ESIID\n").report
    standing = {"suspended": CompanyStanding.SUSPENDED, "pending": CompanyStanding.PENDING}
    columns = {"may not view": {"may_view": False}, "may not download": {"may_download": False},
               "has left": {"ended_at": timezone.now()}}  # fmt: skip
    type(member).objects.filter(pk=member.pk).update(**columns.get(what, {"may_view": True}))
    type(member.company).objects.filter(pk=member.company_id).update(
        standing=standing.get(what, CompanyStanding.APPROVED)
    )
    if what in ("may not view", "has left"):
        assert client.get(reverse("agreement_export")).status_code in (302, 403, 404)
    if what != "may not view":
        assert client.post(reverse("report_zip")).status_code in (302, 403, 404)
        answer = client.get(reverse("report_download", args=[report.agreement.number]))
        assert answer.status_code in (302, 403, 404, 409)
        assert not Download.objects.exists()


def test_home_shows_and_counts_only_the_companys_own(client, member, theirs):
    """T16: also if the other company has everything that a home can show."""
    empty = without_tokens(client.get(reverse("home")))
    assert "Quackenbush" not in empty and not [each for each in theirs if each.number in empty]
    for each in theirs:
        if each != theirs[2]:
            each.delete()
    assert without_tokens(client.get(reverse("home"))) == empty


NUMBERED = (
    "agreement", "agreement_resend", "agreement_withdraw", "agreement_authorization", "report_download",
    "report_manifest", "customer_agreement", "customer_authorization",
)  # fmt: skip


@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize("who", ["nobody", "rival", "customer", "neighbor", "other TDSP"])
def test_a_foreign_number_is_answered_like_one_that_does_not_exist(theirs, who, name):
    """T12, C4, D1: same status and same page, by GET and by POST, so that numbers cannot be tried out."""
    users = {
        "nobody": lambda: None,
        "rival": lambda: MembershipFactory().user,
        "customer": lambda: CustomerFactory().user,
        "neighbor": lambda: EsiidClaimFactory().customer.user,
        "other TDSP": lambda: UserFactory(is_staff=True, tdsp=TdspFactory()),
    }
    client, user = Client(), users[who]()
    if user:
        client.force_login(user)
    for foreign in theirs[:3:2]:
        for send in (client.get, client.post):
            answers = [send(reverse(name, args=[number])) for number in (foreign.number, NONE)]
            assert answers[0].status_code == answers[1].status_code != 200
            assert without_tokens(answers[0], foreign.number, NONE) == without_tokens(answers[1], foreign.number, NONE)
            assert answers[0].get("Location", "").replace(foreign.number, "N") == answers[1].get(
                "Location", ""
            ).replace(NONE, "N")
    assert not Download.objects.exists()


@pytest.mark.parametrize("name", ["home", "help_faq", "help_meter", "help_security", "register", "company_register",
                                  "company_join", "notices", "account_login", "account_reset_password"])  # fmt: skip
def test_public_pages_say_nothing_of_anyone(theirs, name):
    """X4, X5: whatever one asks them; no name, address, ESIID or state of an agreement."""
    first = theirs[0]
    secrets = {first.last_name, first.street, first.esiid, first.email}
    for query in ({}, {"q": first.esiid}, {"email": first.email}, {"next": f"/agreements/{first.number}/"}):
        text = Client().get(reverse(name), query, follow=True).content.decode()
        assert not [secret for secret in secrets - set(query.values()) if secret in text]
