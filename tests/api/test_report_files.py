"""A report's file through the API, in every format: what the pages give, byte for byte (V9, R8)."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.test import Client
from django.urls import reverse
from jsonschema import Draft202012Validator

from api.v1.description import describe
from tests.factories import MembershipFactory
from tests.support.api import ApiProgram, make_program
from tests.support.report_cases import CASES, make_report

pytestmark = pytest.mark.django_db


def program_for(report) -> ApiProgram:
    return make_program(administrator=MembershipFactory(company=report.agreement.company, is_administrator=True))


def test_every_format_is_what_the_page_gives():
    """V9: its size and SHA-256 are known once it was made; parts, unchanged files, and parts beyond its end."""
    report = make_report(CASES["surplus generation"])
    program, page = program_for(report), Client()
    page.force_login(program.administrator.user)
    path = f"/agreements/{report.agreement.number}/report"
    for listed in program.get(path).json()["formats"][:-1]:
        name = listed["href"].rpartition("/")[2]
        answer = program.get(f"{path}/{name}")
        content = b"".join(answer.streaming_content)
        assert answer["Content-Type"] == listed["content_type"]
        of_page = page.get(reverse("report_file", args=[report.agreement.number, name]))
        assert content == b"".join(of_page.streaming_content), name
        (known,) = [each for each in program.get(path).json()["formats"] if each["href"] == listed["href"]]
        assert (known["size"], known["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        part = program.get(f"{path}/{name}", headers={"range": "bytes=2-9"})
        assert part.status_code == 206 and b"".join(part.streaming_content) == content[2:10]
        same = program.get(f"{path}/{name}", headers={"if-none-match": answer["ETag"]})
        assert same.status_code == 304
        beyond = program.get(f"{path}/{name}", headers={"range": f"bytes={len(content)}-"})
        assert (beyond.status_code, beyond.json()["code"]) == (416, "range-not-satisfiable")
        assert beyond["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("case", ["fall", "estimated", "daily", "monthly estimated"])
def test_the_json_file_is_as_described(case):
    """V9, R8: and only 15-minute readings have a CSV with times."""
    report = make_report(CASES[case])
    program, path = program_for(report), f"/agreements/{report.agreement.number}/report"
    answer = program.get(f"{path}/usage.json")
    content = json.loads(b"".join(answer.streaming_content))
    schema = {"components": describe()["components"], "$ref": "#/components/schemas/UsageFile"}
    assert content["series"] and not [error.message for error in Draft202012Validator(schema).iter_errors(content)]
    has_times = program.get(f"{path}/usage-utc.csv")
    if CASES[case].report_type == "interval":
        assert has_times.status_code == 200
    else:
        assert (has_times.status_code, has_times.json()["code"]) == (404, "no-such-format")
