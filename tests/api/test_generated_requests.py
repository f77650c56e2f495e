"""Schemathesis sends the sandbox what the description allows, and what it does not (V3, V13)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.models import Environment, WebhookDelivery, WebhookEndpoint
from api.publisher import publish_events
from api.v1.description import describe
from api.v1.examples import BULK_REQUEST
from tests.api.test_description import operations
from tests.api.test_sandbox_scenarios import create, later
from tests.support.api import ApiProgram, make_program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
# The first ends the key that the run uses, and the second deletes what the others read.
LEFT_OUT = ("rotateKey", "resetSandbox")


@pytest.fixture
def sandbox(settings: Any, monkeypatch: pytest.MonkeyPatch) -> ApiProgram:
    """A test key without a limit per minute. Every host name is accepted, and nothing is sent to it."""
    for requests in ("READS", "WRITES", "DOWNLOADS", "TOKENS"):
        setattr(settings, f"API_{requests}_A_MINUTE", 100_000)
    monkeypatch.setattr("api.endpoints.resolve", lambda url: [])
    return make_program(environment=Environment.TEST)


def add_one_of_each(sandbox: ApiProgram) -> dict[str, str]:
    """The ids of an agreement with a report, an endpoint with a delivery about it, and a bulk invitation."""
    number = create(sandbox, "101")
    WebhookEndpoint.objects.create(client=sandbox.client, url="https://127.0.0.1/", types=["*"])
    later(seconds=6)
    publish_events()
    delivery = WebhookDelivery.objects.latest("pk")
    bulk = sandbox.post("/bulk-invitations", BULK_REQUEST, headers={"idempotency-key": "a-key-of-a-test"}).json()
    return {
        "number": number,
        "endpoint_id": delivery.endpoint.endpoint_id,
        "delivery_id": delivery.delivery_id,
        "bulk_id": bulk["id"],
    }


def run_schemathesis(sandbox: ApiProgram, origin: str, ids: dict[str, str], folder: Path, *options: str) -> Any:
    """A run with few requests for each operation, the same every time; `ids` are in its paths."""
    config = folder / "schemathesis.toml"
    config.write_text("[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in ids.items()))
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={config}",
        "run",
        f"{origin}/api/v1/openapi.json",
        f"--header=Authorization: Bearer {sandbox.issued.text}",
        f"--checks={','.join(CHECKS)}",
        "--phases=examples,fuzzing",
        "--max-examples=3",
        "--generation-deterministic",
        "--no-color",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def test_generated_requests_get_documented_answers(sandbox, live_server, settings, tmp_path):
    """V3, V13: no 5xx, and no status, media type or body that the description does not name."""
    settings.PORTAL_ORIGIN = live_server.url
    left_out = [f"--exclude-operation-id={name}" for name in LEFT_OUT]
    run = run_schemathesis(sandbox, live_server.url, add_one_of_each(sandbox), tmp_path, *left_out)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"Tested: {len(operations()) - len(LEFT_OUT)}\n" in run.stdout


@pytest.mark.control
def test_an_undocumented_answer_is_found(sandbox, live_server, settings, tmp_path, monkeypatch):
    settings.PORTAL_ORIGIN = live_server.url
    description = describe()
    del description["paths"]["/me"]["get"]["responses"]["200"]
    monkeypatch.setattr("api.v1.description._description_text", lambda: (json.dumps(description), '"changed"'))
    run = run_schemathesis(sandbox, live_server.url, {}, tmp_path, "--include-operation-id=getMe")
    assert run.returncode == 1 and "Undocumented status code\n\n    Received: 200\n" in run.stdout
