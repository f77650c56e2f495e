"""The list as CSV, and ready reports as one ZIP file (T3, T6, R5, L9)."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement, Review
from agreements.states import Status
from companies.models import CompanyStanding
from reports.models import Download
from tests.factories import AgreementFactory, CustomerFactory, ReportFileFactory
from tests.support.third_party_pages import LIST, numbers, overdue_agreement

pytestmark = pytest.mark.django_db


def rows_of(client, **query: str) -> list[dict[str, str]]:
    response = client.get(reverse("agreement_export"), query)
    assert response.status_code == 200 and response["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))


class TestCsv:
    @pytest.mark.parametrize(
        "query",
        [
            {}, {"status": "pending", "sort": "-expires"}, {"status": "not_accepted"}, {"sort": "customer"},
            {"by": "name", "items": "name1"}, {"show": "expiring"},
        ],
    )  # fmt: skip
    def test_has_what_is_listed_in_the_same_order(self, client, member, query):
        """T3"""
        for place in range(20):
            AgreementFactory(
                company=member.company, last_name=f"Name{place % 3}",
                status=(Status.PENDING, Status.NOT_ACCEPTED, Status.REJECTED)[place % 3],
                initiated_at=timezone.now() - timedelta(days=place),
            )  # fmt: skip
        overdue_agreement(member.company)
        AgreementFactory()
        assert [row["Agreement"] for row in rows_of(client, **query)] == numbers(client.get(LIST, query))

    def test_what_is_masked_stays_masked(self, client, member):
        """T6: before the acceptance; afterwards it is there."""
        person = {"first_name": "Chika", "last_name": "Akin", "street": "400 N Olive", "city": "Sunnyvale"}
        masked = AgreementFactory(company=member.company, customer=CustomerFactory(), **person)
        (row,) = rows_of(client)
        assert row["Email"] == masked.email and row["ESIID"] == masked.esiid
        assert {row[name] for name in ("Customer", "Customer company", "Street", "City", "State", "ZIP code")} == {""}
        assert not {"Chika", "Akin", "Sunnyvale"} & set(" ".join(row.values()).split())
        masked.delete()
        AgreementFactory(company=member.company, customer=CustomerFactory(), status=Status.COMPLETE, **person)
        (row,) = rows_of(client)
        assert (row["Customer"], row["Street"]) == ("Chika Akin", "400 N Olive")

    @pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)"])
    def test_no_text_is_a_formula(self, client, member, text):
        """E3's sense, for spreadsheets."""
        AgreementFactory(company=member.company, street=text, first_name=text)
        (row,) = rows_of(client)
        assert row["Street"] == f"'{text}" and row["Customer"].startswith(f"'{text}")

    def test_needs_the_permission_to_view(self, client, member):
        """T12"""
        AgreementFactory(company=member.company)
        type(member).objects.update(may_view=False)
        assert client.get(reverse("agreement_export")).status_code == 403

    def test_a_search_with_a_mistake_leads_back_to_the_list(self, client, member):
        """A2"""
        response = client.get(reverse("agreement_export"), {"by": "number", "items": "x"})
        assert response.status_code == 302 and response["Location"] == f"{LIST}?by=number&items=x"


class TestZip:
    def fetch(self, client) -> dict[str, bytes]:
        response = client.post(reverse("report_zip"))
        assert response.status_code == 200 and response["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    def test_has_every_new_report_and_logs_each(self, client, member):
        """R5: like downloads one by one; the next ZIP has what is new then."""
        files = [
            ReportFileFactory(report__agreement__company=member.company, content=b"ESIID\n" * place)
            for place in (1, 100, 50_000)
        ]
        others = ReportFileFactory()
        fetched = self.fetch(client)
        assert fetched == {
            file.report.file_name: b"ESIID\n" * place for file, place in zip(files, (1, 100, 50_000), strict=True)
        }
        assert set(Download.objects.values_list("report", "by")) == {(file.pk, member.user_id) for file in files}
        assert not Agreement.objects.filter(company=member.company, downloaded_at=None).exists()
        assert others.report.file_name not in fetched
        assert self.fetch(client) == {}
        assert Download.objects.count() == 3

    @pytest.mark.parametrize("review", [Review.HELD, Review.REFUSED])
    def test_leaves_out_what_may_not_be_downloaded(self, client, member, review):
        """X1: held or refused since, also between the list and the file."""
        doubtful = ReportFileFactory(report__agreement__company=member.company).report
        fine = ReportFileFactory(report__agreement__company=member.company).report
        response = client.post(reverse("report_zip"))
        doubtful.agreement.refresh_from_db()
        disavow_for_test(doubtful.agreement, review)
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
            assert archive.namelist() == [fine.file_name]
        assert Download.objects.get().report == fine

    def test_a_suspended_company_and_a_user_without_permission_get_none(self, client, member):
        """L9, T12"""
        ReportFileFactory(report__agreement__company=member.company)
        type(member.company).objects.update(standing=CompanyStanding.SUSPENDED)
        assert client.post(reverse("report_zip")).status_code == 403
        type(member.company).objects.update(standing=CompanyStanding.APPROVED)
        type(member).objects.update(may_download=False)
        assert client.post(reverse("report_zip")).status_code == 403
        assert not Download.objects.exists()

    def test_has_a_limit_and_the_button_says_so(self, client, member, monkeypatch):
        """R6"""
        for module in ("exports", "views"):
            monkeypatch.setattr(f"reports.third_party.{module}.MOST_IN_ZIP", 2)
        for _number in range(3):
            ReportFileFactory(report__agreement__company=member.company)
        assert "Download 2 of 3 new reports (ZIP)" in client.get(LIST).content.decode()
        assert len(self.fetch(client)) == 2
        assert "Download 1 new report (ZIP)" in client.get(LIST).content.decode()
        assert len(self.fetch(client)) == 1
        assert "(ZIP)" not in client.get(LIST).content.decode()


def disavow_for_test(agreement: Agreement, review: Review) -> None:
    from tests.factories import ConsentReviewFactory

    columns = {"report_state": "none"} if review == Review.REFUSED else {}
    Agreement.objects.filter(pk=agreement.pk).update(
        review=review,
        disavowed_at=timezone.now(),
        consent_review=ConsentReviewFactory(submission=agreement.submission, tdsp=agreement.tdsp, state=review),
        **columns,
    )
