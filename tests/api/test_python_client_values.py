"""The values of the client in clients/python/: what it reads, and the webhooks that it verifies (V3, W3)."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, get_args, get_type_hints

import pytest

from api.events import event_values
from api.models import Environment
from api.v1.agreement_schemas import AgreementWithTimeline, ReportAnswer
from api.v1.event_schemas import EventAnswer
from api.v1.examples import AGREEMENT_TIMELINE, REPORT
from api.webhook_delivery import signed_request
from lib import link_tokens
from smt_agreements import Agreement as ReadAgreement
from smt_agreements import Event, Report, WebhookRejected, verify_webhook
from smt_agreements.models import from_json
from tests.support.api import make_delivery, make_program


@pytest.mark.django_db
def test_webhooks_are_verified():
    """W3: signed by the portal, also while the secret is replaced."""
    tester = make_program(environment=Environment.TEST)
    delivery = make_delivery(tester)
    secret = link_tokens.decrypt_secret(bytes(delivery.endpoint.secrets.get().encrypted))
    rotated = tester.post(f"/webhook-endpoints/{delivery.endpoint.endpoint_id}/rotate-secret", {"overlap_hours": 1})
    _url, body, headers = signed_request(delivery.endpoint, event_values(delivery.event))
    for each in (secret, rotated.json()["secret"]):
        event = verify_webhook(body, {name.upper(): value for name, value in headers.items()}, each)
        assert (event.id, event.type, event.test) == (delivery.event.event_id, "report.ready", False)
        assert event.data.agreement_number == "112826000001" and event.timestamp.tzinfo
    for changed, changed_headers in (
        (body + b" ", headers),
        (body, headers | {"webhook-id": "evt_other"}),
        (body, headers | {"webhook-timestamp": str(int(time.time()) - 301)}),
        (body, headers | {"webhook-timestamp": "soon"}),
        (body, headers | {"webhook-signature": ""}),
        (body, {}),
    ):
        with pytest.raises(WebhookRejected):
            verify_webhook(changed, changed_headers, secret)
    with pytest.raises(WebhookRejected, match="too far"):
        verify_webhook(body, headers, secret, tolerance_seconds=-1)


def test_fields_that_come_later_are_ignored():
    """V4."""
    agreement = from_json(ReadAgreement, AGREEMENT_TIMELINE | {"a_new_field": 1})
    assert agreement.timeline and agreement.number == AGREEMENT_TIMELINE["number"]
    gaps = {"consumption": [["2026-03-01", "2026-03-02"]]}
    report = from_json(Report, REPORT | {"missing_days": gaps})
    assert report.missing_days == {"consumption": [[date(2026, 3, 1), date(2026, 3, 2)]]}


@pytest.mark.parametrize("kind", [ReadAgreement, Report, Event])
def test_the_fields_are_those_of_the_description(kind):
    """V3: each has the name, and may be None where the description says null."""
    named = {ReadAgreement: AgreementWithTimeline, Report: ReportAnswer, Event: EventAnswer}[kind]
    _compare(kind, named)


def _compare(kind: Any, schema: Any) -> None:
    hints = get_type_hints(kind)
    for each in fields(kind):
        described = schema.model_fields[each.name].annotation
        assert (type(None) in get_args(hints[each.name])) == (type(None) in get_args(described)), each.name
        inner = [one for one in (hints[each.name], *get_args(hints[each.name])) if is_dataclass(one)]
        models = [one for one in (described, *get_args(described)) if hasattr(one, "model_fields")]
        for one, model in zip(inner, models, strict=True):
            _compare(one, model)
