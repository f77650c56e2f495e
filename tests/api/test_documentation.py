"""The documentation's pages: public, complete and made from the description (V3, V4, V13)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urldefrag

import pytest
from django.test import Client
from django.urls import reverse

from api.documentation.guides import GUIDES
from api.documentation.reference import load_reference
from api.documentation.schema_fields import SchemaReader
from api.problem_kinds import KINDS
from api.v1.description import describe
from tests.look.reading import read
from tests.support.crawler import Links, crawl

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def pages(module_transaction: None) -> dict[str, str]:
    """Address -> HTML of every page that a link leads to from the first one."""
    found = crawl(Client(), reverse("api_docs"), under="/api/")
    assert {status for status, _text in found.values()} == {200}
    return {address: text.partition("\n\n")[2] for address, (_status, text) in found.items()}


def test_links_lead_from_the_first_page_to_every_other(pages):
    """V3: nothing is reachable by its address only."""
    reference = load_reference()
    expected = {reverse("api_docs_operation", args=[name]) for name in reference.operations}
    expected |= {reverse("api_docs_schema", args=[name]) for name in reference.schemas}
    expected |= {reverse("api_docs_guide", args=[slug]) for slug in GUIDES}
    expected |= {reverse("api_problem", args=[code]) for code in KINDS}
    expected |= {reverse(f"api_docs{name}") for name in ("", "_quick_start", "_reference", "_errors", "_changes")}
    assert expected | {reverse("api_openapi")} == set(pages)


def test_every_page_is_whole_and_needs_no_script(pages):
    """V3, A1: one heading, English, ids that links on the same page name."""
    titles = set()
    for address, text in pages.items():
        if address.endswith(".json"):
            continue
        page = read(text.encode())
        assert (page.language, page.h1, page.main, page.inline) == ("en", 1, 1, []), address
        assert "<script" not in text and page.same_page <= set(page.ids) and len(page.ids) == len(set(page.ids)), (
            address
        )
        titles.add(page.title)
    assert len(titles) >= len(pages) - 2, "pages are told apart by their titles"


def test_links_to_parts_of_other_pages_lead_somewhere(pages):
    for address, text in pages.items():
        links = Links()
        links.feed(text if address.endswith("/") else "")
        for link in links.found:
            path, anchor = urldefrag(link)
            assert not anchor or path not in pages or f'id="{anchor}"' in pages[path], f"{address} links to {link}"


@pytest.mark.parametrize("name", load_reference().operations)
def test_a_page_has_all_that_the_description_says(client, name):
    """V3: path, scopes, limit, each parameter and field, an example and every problem."""
    paths = describe()["paths"].items()
    ((path, method, values),) = [  # fmt: skip
        (path, method, values)
        for path, methods in paths
        for method, values in methods.items()
        if values["operationId"] == name
    ]
    text = client.get(reverse("api_docs_operation", args=[name])).content.decode()
    expected = [values["summary"], f"<b>{method.upper()}</b> {path}", f"<code>{name}</code>"]
    expected += [f"<code>{parameter['name']}</code>" for parameter in values.get("parameters", ())]
    expected += [scope for way in values["security"] for scopes in way.values() for scope in scopes]
    for content in values.get("requestBody", {}).get("content", {}).values():
        expected += [f"<code>{row.path}</code>" for row in SchemaReader(_schemas()).fields(content["schema"])]
    for status, response in values["responses"].items():
        content = response.get("content", {})
        expected += [reverse("api_problem", args=[code]) for code in problem_codes(content)]
        expected += [f"<h3>{status} "] if set(content) - {"application/problem+json"} else []
    assert not [each for each in expected if each not in text]


def _schemas() -> dict[str, Any]:
    return dict(describe()["components"]["schemas"])


def problem_codes(content: dict[str, Any]) -> list[str]:
    return list(content.get("application/problem+json", {}).get("examples", ()))


def test_fields_are_named_by_their_paths():
    """V3: objects inside objects and lists, what may be null, choices and limits."""
    rows = {row.path: row for row in load_reference().operations["createAgreements"].body_fields}
    assert rows["meters"].type == "array of objects" and rows["meters"].limits == "1 to 20 entries"
    assert rows["meters[].esiid"].is_required and rows["meters[].esiid"].type == "string"
    assert rows["customer.language"].type == "string or null" and rows["customer.language"].values == ("en", "es")
    assert not rows["contact"].is_required and rows["contact.email"].type == "string"
    assert rows["dry_run"].limits == "default false"
    (_query, parameters), *_others = load_reference().operations["listAgreements"].parameters
    filters = {row.path: row.type for row in parameters}
    assert (filters["status"], filters["initiated_from"]) == ("string, can be repeated", "time")
    answer = {row.path: row for row in load_reference().schemas["ReportAnswer"].fields}
    assert answer["covered_period.first_day"].type == "date" and answer["made_at"].type == "time or null"
    assert answer["total_wh"].type == "object with a value (integer) for each name"
    listed = {row.path: row for row in load_reference().schemas["AgreementPage"].fields}
    assert listed["data"].schema_name == "AgreementAnswer" and "data[].number" not in listed


def test_a_new_operation_has_a_page_by_itself():
    """V3: with a group named by its path, and parameters of the path as variables of the shell."""
    from api.documentation.reference import DescribedOperation

    values = {
        "operationId": "replayDelivery",
        "summary": "Send it again",
        "description": "Send it again.",
        "security": [{"bearerKey": []}],
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {"204": {"description": "Sent", "headers": {}}},
    }
    operation = DescribedOperation("POST", "/webhook-endpoints/{id}/replay", values, SchemaReader({}))
    assert (operation.group, operation.text, operation.body_type) == ("Webhook endpoints", "", "")
    assert operation.curl.startswith('curl "') and "/webhook-endpoints/$ID/replay" in operation.curl
    assert "--request POST" in operation.curl
    assert [(answer.title, answer.text) for answer in operation.answers] == [("204 No Content", "Sent")]


def test_files_are_described_as_files(client):
    """V3, R8: with what each is for, and without an example of their bytes."""
    reference = load_reference()
    names = {operation.file_name for operation in reference.files}
    assert names >= {"usage.csv", "manifest.json", "authorization.pdf"} and "" not in names
    guide = client.get(reverse("api_docs_guide", args=["downloads"])).content.decode()
    assert not [name for name in names if f"<code>{name}</code>" not in guide]
    partial = {answer.status: answer for answer in reference.operations["downloadCsv"].answers}[206]
    assert (partial.text, partial.media_type, partial.example) == ("A part of the file", "text/csv", "")


def test_webhooks_are_on_the_page_of_all_operations(client):
    """V3: each event that the description names."""
    page = client.get(reverse("api_docs_reference")).content.decode()
    webhooks = describe().get("webhooks", {})
    assert webhooks and not [each for each in webhooks if f"<code>{each}</code>" not in page]
    assert "webhook-signature" in page and 'id="webhooks"' in page


def test_a_problem_leads_to_the_operations_that_answer_it(client):
    """V13."""
    page = client.get(reverse("api_problem", args=["report-held"])).content.decode()
    assert reverse("api_docs_operation", args=["downloadCsv"]) in page
    assert reverse("api_docs_operation", args=["createAgreements"]) not in page
    common = client.get(reverse("api_problem", args=["rate-limited"])).content.decode()
    assert "Every operation can return this." in common


def test_the_latest_change_is_that_of_the_description(client):
    """V4."""
    page = client.get(reverse("api_docs_changes")).content.decode()
    (first, *_others) = re.findall(r"<h2>(\w+ \d+, \d{4})</h2>", page)
    latest = date.fromisoformat(load_reference().version)
    assert first == f"{latest:%B} {latest.day}, {latest.year}"


@pytest.mark.parametrize("kind", ["guide", "operation", "schema"])
def test_what_is_not_described_has_no_page(client, kind):
    assert client.get(reverse(f"api_docs_{kind}", args=["nothing"])).status_code == 404


def test_strangers_and_administrators_find_it(client):
    """V3: from the public home, from help, and beside a new key."""
    address = f'href="{reverse("api_docs")}"'
    assert address in client.get(reverse("home")).content.decode()
    assert address in client.get(reverse("help")).content.decode()
