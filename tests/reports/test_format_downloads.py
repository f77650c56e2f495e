"""Downloads of a report in every format: by whom, logged how, whole, in part, compressed or unchanged (R5, R8)."""

from __future__ import annotations

import base64
import gzip
import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agreements.models import Agreement
from agreements.states import Channel
from customers.models import EsiidClaim
from notifications.models import Email
from reports.actions import purge_files
from reports.disavowal import disavow
from reports.downloads import PARTS_TOGETHER
from reports.formats import FileFormat
from reports.models import Download, Rendering, Report
from tests.factories import ClaimDisputeFactory, CustomerFactory, EsiidClaimFactory, MembershipFactory
from tests.support.races import together
from tests.support.report_cases import CASES, make_report
from tests.support.third_party_pages import page_text

pytestmark = pytest.mark.django_db

FILES = {
    "usage.csv": ("text/csv; charset=utf-8", "15min.csv"),
    "usage-utc.csv": ("text/csv; charset=utf-8", "15min-utc.csv"),
    "usage.json": ("application/json", "15min.json"),
    "usage.xml": ("application/atom+xml; charset=utf-8", "15min-green-button.xml"),
}


@pytest.fixture
def report() -> Report:
    return make_report(CASES["surplus generation"])


@pytest.fixture
def company_user(client, report):
    user = MembershipFactory(company=report.agreement.company).user
    client.force_login(user)
    return user


@pytest.fixture
def claim(report):
    """The customer's own confirmed claim of the premise."""
    return EsiidClaimFactory(premise=report.agreement.premise)


def ask(client, report, file_name, method="get", view="report_file", **headers):
    return getattr(client, method)(reverse(view, args=[report.agreement.number, file_name]), headers=headers)


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


class TestTheFile:
    @pytest.mark.parametrize("file_name", FILES)
    def test_it_comes_with_name_type_size_tag_and_digest(self, client, report, company_user, file_name):
        """R8."""
        answer = ask(client, report, file_name)
        content, headers = body(answer), answer.headers
        content_type, name_end = FILES[file_name]
        digest = hashlib.sha256(content)
        assert headers["Content-Type"] == content_type
        assert headers["Content-Disposition"] == f'attachment; filename="smt-{report.agreement.number}-{name_end}"'
        assert headers["Content-Length"] == str(len(content))
        assert headers["ETag"] == f'"{digest.hexdigest()}"'
        assert headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
        assert (headers["Cache-Control"], headers["Accept-Ranges"]) == ("private, no-store", "bytes")
        assert "Accept-Encoding" in headers["Vary"] and headers["Last-Modified"].endswith("GMT")

    @pytest.mark.parametrize("file_name", FILES)
    def test_compressed_it_is_the_same_file(self, client, report, company_user, file_name):
        """R8: with a tag and a digest of the compressed bytes."""
        plain = body(ask(client, report, file_name))
        answer = ask(client, report, file_name, accept_encoding="gzip")
        assert gzip.decompress(body(answer)) == plain
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] == str(len(body(answer)))
        assert answer.headers["ETag"] == f'"{hashlib.sha256(plain).hexdigest()};gzip"'
        digest = base64.b64encode(hashlib.sha256(body(answer)).digest()).decode()
        assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"

    @pytest.mark.parametrize("accepts", ["", "gzip"])
    @pytest.mark.parametrize("file_name", FILES)
    def test_head_has_the_headers_of_the_file(self, client, report, company_user, file_name, accepts):
        """R8: also before its first download, and it is none."""
        head = ask(client, report, file_name, "head", accept_encoding=accepts)
        assert head.status_code == 200 and not body(head) and not Download.objects.exists()
        own = {"X-Request-ID": ""}
        found = ask(client, report, file_name, accept_encoding=accepts)
        assert dict(head.headers) | own == dict(found.headers) | own

    @pytest.mark.parametrize("file_name", ["usage", "usage.csv.gz", "report.xml", "usage-utc.json"])
    def test_an_unknown_file_is_not_there(self, client, report, company_user, file_name):
        assert ask(client, report, file_name).status_code == 404

    def test_totals_have_no_times(self, client, report):
        """R8."""
        daily = make_report(CASES["daily estimated"])
        client.force_login(MembershipFactory(company=daily.agreement.company).user)
        assert ask(client, daily, "usage-utc.csv").status_code == 404
        assert ask(client, daily, "usage.xml").headers["Content-Disposition"].endswith('-daily-green-button.xml"')
        page = page_text(client.get(reverse("agreement", args=[daily.agreement.number])))
        assert "Green Button XML" in page and "CSV with UTC times" not in page


class TestUnchanged:
    @pytest.mark.parametrize("accepts", ["", "gzip"])
    @pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
    def test_a_file_that_the_program_has_is_not_sent_again(self, client, report, company_user, form, accepts):
        """R8: by the tag of either coding; nothing is logged."""
        tag = ask(client, report, "usage.xml", "head", accept_encoding="gzip").headers["ETag"]
        answer = ask(client, report, "usage.xml", if_none_match=form.format(tag), accept_encoding=accepts)
        assert answer.status_code == 304 and not body(answer)
        assert answer.headers["ETag"].strip('"').removesuffix(";gzip") in tag
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert not Download.objects.exists()

    def test_another_file_is_sent(self, client, report, company_user):
        """R8."""
        tag = ask(client, report, "usage.json", "head").headers["ETag"]
        assert ask(client, report, "usage.xml", if_none_match=tag).status_code == 200
        assert Download.objects.count() == 1


class TestParts:
    @pytest.mark.parametrize("accepts", ["", "gzip"])
    @pytest.mark.parametrize("file_name", FILES)
    def test_a_part_is_one_of_the_uncompressed_file(self, client, report, company_user, file_name, accepts):
        """R8."""
        content = body(ask(client, report, file_name))
        size = len(content)
        for asked, first, last in (
            ("bytes=0-0", 0, 0),
            ("bytes=100-299", 100, 299),
            (f"bytes=100-{size + 7}", 100, size - 1),
            ("bytes=1000-", 1000, size - 1),
            ("bytes=-5", size - 5, size - 1),
            (f"bytes=-{size + 5}", 0, size - 1),
        ):
            answer = ask(client, report, file_name, range=asked, accept_encoding=accepts)
            assert answer.status_code == 206 and "Content-Encoding" not in answer.headers
            assert body(answer) == content[first : last + 1]
            assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
            assert answer.headers["Content-Length"] == str(last - first + 1)
            assert answer.headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'

    @pytest.mark.parametrize("asked", ["bytes={}-", "bytes={}-{}", "bytes=-0"])
    def test_a_part_that_is_not_there_is_refused_and_no_download(self, client, report, company_user, asked):
        """R8."""
        answer = ask(client, report, "usage.csv", range=asked.format(report.size, report.size + 5))
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{report.size}")
        assert not Download.objects.exists()

    @pytest.mark.parametrize(
        "asked", ["bytes=0-4, 10-14", "bytes=9-5", "bytes=-", "lines=1-2", "bytes=a-b", "bytes 0-4"]
    )
    def test_what_cannot_be_read_as_one_part_gets_the_whole_file(self, client, report, company_user, asked):
        """R8."""
        answer = ask(client, report, "usage.csv", range=asked)
        assert answer.status_code == 200 and len(body(answer)) == report.size

    def test_a_part_is_only_continued_if_the_file_is_the_same(self, client, report, company_user):
        """R8: bytes of the compressed file are not continued with uncompressed ones."""
        tags = [
            ask(client, report, "usage.json", "head", accept_encoding=coding).headers["ETag"] for coding in ("", "gzip")
        ]
        found = [
            ask(client, report, "usage.json", range="bytes=5-9", if_range=tag).status_code for tag in (*tags, '"x"')
        ]
        assert found == [206, 200, 200]

    def test_a_head_with_a_range_describes_the_whole_file(self, client, report, company_user):
        """R8."""
        answer = ask(client, report, "usage.csv", "head", range="bytes=0-4")
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(report.size))


class TestLog:
    def test_each_download_is_logged_with_its_format_and_shown_to_both_sides(self, client, report, company_user, claim):
        """R5, C11: on the page of the agreement, in the list of the customer, and in the email about the first one."""
        Agreement.objects.filter(pk=report.agreement_id).update(customer=claim.customer)
        for file_name in ("usage.xml", "usage.csv", "usage.xml"):
            body(ask(client, report, file_name))
        logged = [(download.by, download.format) for download in report.download_log]
        assert logged == [(company_user, "green_button"), (company_user, "csv"), (company_user, "green_button")]
        page = page_text(client.get(reverse("agreement", args=[report.agreement.number])))
        assert page.count("· Green Button XML") == 2 and page.count("· CSV") == 1
        emails = Email.objects.filter(kind="DOWNLOADED", to_address=report.agreement.email)
        (email,) = emails
        for part in (email.text, email.html):
            assert f"smt-{report.agreement.number}-15min-green-button.xml" in part
        client.force_login(claim.customer.user)
        for view in (reverse("shared_data"), reverse("customer_agreement", args=[report.agreement.number])):
            assert page_text(client.get(view)).count("(Green Button XML).") == 2

    def test_parts_that_come_together_are_one_download(self, client, report, company_user):
        """R5: of one file and person; later ones are another."""
        for file_name in ("usage.xml", "usage.xml", "usage.json"):
            for begin in (0, 100, 200):
                body(ask(client, report, file_name, range=f"bytes={begin}-{begin + 99}"))
        assert [download.format for download in report.download_log] == ["green_button", "json"]
        Download.objects.update(at=timezone.now() - PARTS_TOGETHER - timedelta(seconds=1))
        body(ask(client, report, "usage.xml", range="bytes=0-9"))
        assert Download.objects.count() == 3

    def test_without_permission_nothing_is_rendered_or_logged(self, client, report):
        """R5, T12."""
        users = (
            (MembershipFactory(company=report.agreement.company, may_download=False).user, 403),
            (MembershipFactory().user, 404),
            (CustomerFactory().user, 404),
        )
        for user, status in users:
            client.force_login(user)
            assert {ask(client, report, file_name).status_code for file_name in FILES} == {status}
        assert not Rendering.objects.exists() and not Download.objects.exists()

    def test_a_held_report_is_rendered_for_no_one(self, client, report, company_user, claim):
        """X1."""
        Agreement.objects.filter(pk=report.agreement_id).update(customer=claim.customer)
        disavow(report.agreement, channel=Channel.ACCOUNT, by=claim.customer.user)
        assert ask(client, report, "usage.json").status_code == 409
        client.force_login(claim.customer.user)
        assert ask(client, report, "usage.json", view="customer_report_file").status_code == 404
        assert not Rendering.objects.exists()

    @pytest.mark.slow
    @pytest.mark.django_db(transaction=True)
    def test_of_two_first_downloads_one_renders(self, client, report, company_user):
        """R8: both get the same bytes."""

        def download() -> bytes:
            browser = Client()
            browser.force_login(company_user)
            return body(ask(browser, report, "usage.xml"))

        first, second = together([download, download])
        assert first == second and Rendering.objects.count() == 1 and Download.objects.count() == 2


class TestRecord:
    def test_hashes_outlive_the_file_and_are_known_to_the_check(self, client, report, company_user):
        """R8, R9, R5."""
        contents = {name: body(ask(client, report, name)) for name in FILES}
        report.refresh_from_db()
        assert purge_files(at=report.made_at + timedelta(days=365)) == 1
        assert Rendering.objects.count() == 3 and not Rendering.objects.exclude(gzipped=None).exists()
        for name, content in contents.items():
            assert ask(client, report, name).status_code == 410
            typed = {"number": report.agreement.number, "sha256": hashlib.sha256(content).hexdigest()}
            assert "We issued this report" in Client().post("/check/", typed).content.decode()
        assert "We can't confirm" in Client().post("/check/", typed | {"number": "112326000009"}).content.decode()

    def test_the_page_offers_every_format_and_says_what_it_is_for(self, client, report, company_user):
        """R8."""
        answer = client.get(reverse("agreement", args=[report.agreement.number]))
        for report_format in FileFormat:
            if report_format != FileFormat.CSV:
                assert report_format.purpose in page_text(answer)
                path = reverse("report_file", args=[report.agreement.number, report_format.path_name])
                assert f'href="{path}"' in answer.content.decode()


class TestTheCustomer:
    """R8, X7: the same bytes, where the usage pages would show the same days."""

    @pytest.fixture
    def own(self, client, report, claim):
        Agreement.objects.filter(pk=report.agreement_id).update(customer=claim.customer)
        client.force_login(claim.customer.user)
        return report

    @pytest.mark.parametrize("file_name", FILES)
    def test_gets_the_bytes_of_the_company_and_is_not_logged(self, client, own, file_name):
        assert (
            f"report/{file_name}"
            in client.get(reverse("customer_agreement", args=[own.agreement.number])).content.decode()
        )
        copy = body(ask(client, own, file_name, view="customer_report_file"))
        assert not Download.objects.exists() and not Email.objects.filter(kind="DOWNLOADED").exists()
        client.force_login(MembershipFactory(company=own.agreement.company).user)
        assert body(ask(client, own, file_name)) == copy

    @pytest.mark.parametrize("claimed", ["by another account", "too late", "not confirmed", "not at all", "disputed"])
    def test_gets_no_file_with_days_that_usage_does_not_show(self, client, own, claim, claimed):
        """X7: seeing a request is not being allowed to read the usage of a year."""
        if claimed == "by another account":
            client.force_login(EsiidClaimFactory().customer.user)
        elif claimed == "too late":
            claim.premise.service_since = own.first_day + timedelta(days=1)
            claim.premise.save()
        elif claimed == "not confirmed":
            waiting = {"decision": "", "decided_at": None, "provider_matches": True}
            EsiidClaim.objects.filter(pk=claim.pk).update(since=timezone.now(), **waiting)
        elif claimed == "disputed":
            ClaimDisputeFactory(claim=claim)
        else:
            EsiidClaim.objects.filter(pk=claim.pk).update(until=timezone.now())
        page = client.get(reverse("customer_agreement", args=[own.agreement.number]))
        assert "Download the report" not in page.content.decode()
        assert ask(client, own, "usage.json", view="customer_report_file").status_code == 404

    def test_gets_none_before_it_is_made_and_after_it_is_deleted(self, client, own):
        """R5."""
        purge_files(at=own.made_at + timedelta(days=365))
        assert ask(client, own, "usage.csv", view="customer_report_file").status_code == 404
        assert (
            "Download the report"
            not in client.get(reverse("customer_agreement", args=[own.agreement.number])).content.decode()
        )
