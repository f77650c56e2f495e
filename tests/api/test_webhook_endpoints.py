"""Endpoints by API: created, changed, pinged, given a new secret, deleted (W3 to W6)."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from api import endpoints
from api.models import ApiClient, ApiEvent, EndpointSecret, WebhookDelivery, WebhookEndpoint
from api.publisher import publish_events
from api.webhook_delivery import deliver_due
from companies.models import CompanyStanding
from lib import link_tokens
from tests.factories import AgreementEventFactory
from tests.support.api import make_program
from tests.support.webhook_receiver import ReceivedWebhook

pytestmark = pytest.mark.django_db


def create(program, receiver, **body):
    answer = program.post("/webhook-endpoints", {"url": receiver.url} | body)
    assert answer.status_code == 201, answer.content
    return answer.json()


def verify(webhook: ReceivedWebhook, secret: str) -> dict:
    """Verify a webhook as another program does: with the package of Standard Webhooks."""
    headers = {name.lower(): value for name, value in webhook.headers.items()}
    verified = Webhook(secret).verify(webhook.body, headers)
    assert verified == json.loads(webhook.body)
    return verified


def happen_and_deliver(program) -> None:
    AgreementEventFactory(agreement__company=program.company)
    publish_events()
    deliver_due()


def test_an_endpoint_is_created_and_its_secret_shown_once(program, receiver):
    """W4: encrypted in the database."""
    made = create(program, receiver, types=["report.ready", "report.ready"], description="CRM")
    assert made["secret"].startswith("whsec_") and len(made["secret"]) == 6 + 44
    assert (made["types"], made["description"], made["enabled"]) == (["report.ready"], "CRM", True)
    assert program.get(f"/webhook-endpoints/{made['id']}").json() == {k: v for k, v in made.items() if k != "secret"}
    stored = bytes(EndpointSecret.objects.get().encrypted)
    assert made["secret"].encode() not in stored and link_tokens.decrypt_secret(stored) == made["secret"]
    assert [each["id"] for each in program.get("/webhook-endpoints").json()["data"]] == [made["id"]]


def test_deliveries_are_signed_as_standard_webhooks(program, receiver):
    """W3: the package of Standard Webhooks verifies them; the body is the event of the feed."""
    made = create(program, receiver)
    happen_and_deliver(program)
    (webhook,) = receiver.received
    event = verify(webhook, made["secret"])
    assert event == program.get("/events").json()["data"][0]
    assert webhook.headers["webhook-id"] == event["id"] and webhook.path == "/hooks?of=company"
    assert webhook.headers["User-Agent"] == "smt-portal-webhooks/1"
    assert webhook.headers["Content-Type"] == "application/json"
    assert len(webhook.body) <= 2048 and b" " not in webhook.body
    with pytest.raises(WebhookVerificationError):
        verify(webhook, "whsec_" + "A" * 43 + "=")


def test_during_the_overlap_both_secrets_sign(program, receiver):
    """W6: the new one first; of three, the oldest is gone."""
    made = create(program, receiver)
    path = f"/webhook-endpoints/{made['id']}"
    second = program.post(f"{path}/rotate-secret", {"overlap_hours": 24}).json()
    assert len(second["secrets"]) == 2 and second["secrets"][0]["ends_at"] is None
    happen_and_deliver(program)
    for secret in (made["secret"], second["secret"]):
        verify(receiver.received[0], secret)
    first_signature, _second = receiver.received[0].headers["webhook-signature"].split(" ")
    receiver.received[0].headers["webhook-signature"] = first_signature
    verify(receiver.received[0], second["secret"])
    third = program.post(f"{path}/rotate-secret", {"overlap_hours": 0}).json()
    assert len(third["secrets"]) == 1
    happen_and_deliver(program)
    verify(receiver.received[1], third["secret"])
    for secret in (made["secret"], second["secret"]):
        with pytest.raises(WebhookVerificationError):
            verify(receiver.received[1], secret)
    assert program.post(f"{path}/rotate-secret", {"overlap_hours": 169}).json()["code"] == "invalid-request"


def test_a_ping_says_what_came_of_it(program, receiver):
    """W5: now, to this endpoint alone, and its health does not change."""
    made = create(program, receiver)
    path = f"/webhook-endpoints/{made['id']}/ping"
    answer = program.post(path).json()
    assert (answer["delivered"], answer["status"], answer["error"]) == (True, 204, None)
    event = verify(receiver.received[0], made["secret"])
    assert (event["type"], event["data"]["endpoint_id"]) == ("ping", made["id"])
    receiver.status = 503
    assert program.post(path).json()["delivered"] is False
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.consecutive_failures == 0 and not endpoint.last_success_at and not endpoint.last_failure_at
    assert not ApiEvent.objects.exists() and not WebhookDelivery.objects.exists()


def test_ten_pings_a_minute(program, receiver, settings):
    """W5."""
    settings.API_PINGS_A_MINUTE = 1
    path = f"/webhook-endpoints/{create(program, receiver)['id']}/ping"
    assert program.post(path).status_code == 200
    assert program.post(path).json()["code"] == "rate-limited"
    assert len(receiver.received) == 1


def test_only_the_types_that_are_wanted(program, receiver):
    """W4."""
    create(program, receiver, types=["agreement.held"])
    happen_and_deliver(program)
    assert not receiver.received and not WebhookDelivery.objects.exists()


def test_an_endpoint_is_changed_and_turned_off_and_on(program, receiver):
    """W4: what is left out stays. Off, it gets nothing and what waits fails; on again, what comes then."""
    made = create(program, receiver)
    path = f"/webhook-endpoints/{made['id']}"
    changed = program.patch(path, {"description": "Billing"}).json()
    assert (changed["description"], changed["url"], changed["types"]) == ("Billing", receiver.url, ["*"])
    AgreementEventFactory(agreement__company=program.company)
    publish_events()
    assert program.patch(path, {"enabled": False}).json()["disabled_reason"] == "company"
    assert [each["state"] for each in program.get(f"{path}/deliveries").json()["data"]] == ["failed"]
    happen_and_deliver(program)
    assert not receiver.received
    assert program.patch(path, {"enabled": True, "types": ["*"]}).json()["enabled"] is True
    happen_and_deliver(program)
    assert len(receiver.received) == 1
    assert not ApiEvent.objects.filter(type="webhook.disabled").exists()


def test_a_deleted_endpoint_is_gone(program, receiver):
    """W4."""
    path = f"/webhook-endpoints/{create(program, receiver)['id']}"
    happen_and_deliver(program)
    answer = program.delete(path)
    assert answer.status_code == 204 and not answer.content
    assert program.get(path).json()["code"] == "not-found"
    assert not WebhookDelivery.objects.exists() and not EndpointSecret.objects.exists()


def test_five_endpoints_of_a_client(program, receiver):
    """W4."""
    for _each in range(5):
        create(program, receiver)
    answer = program.post("/webhook-endpoints", {"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-endpoints")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://0177.1/", "https://2130706433/",
        "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://[64:ff9b::7f00:1]/",
        "https://u:p@93.184.215.14/", "https://93.184.215.14:22/", "https://93.184.215.14:25/", "https://localhost/",
        "http://93.184.215.14/",
    ],
)  # fmt: skip
def test_urls_that_are_refused(program, receiver, settings, url):
    """W8: when an endpoint is created and when it is changed; the answer does not repeat the URL."""
    path = f"/webhook-endpoints/{create(program, receiver)['id']}"
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    for answer in (program.post("/webhook-endpoints", {"url": url}), program.patch(path, {"url": url})):
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook-url-refused")
        assert answer.json()["errors"][0]["pointer"] == "#/url" and url not in answer.content.decode()
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.parametrize(
    "body", [{"types": []}, {"types": ["everything"]}, {"url": 1}, {"description": "x" * 101}, {"secret": "mine"}]
)
def test_bodies_that_are_refused(program, receiver, body):
    """V1."""
    answer = program.post("/webhook-endpoints", {"url": receiver.url} | body)
    assert answer.json()["code"] in ("invalid-request", "unknown-field")


def test_another_clients_endpoint_does_not_exist(program, receiver):
    """P1: also one of the same company."""
    made = create(program, receiver)
    happen_and_deliver(program)
    (delivery,) = program.get(f"/webhook-endpoints/{made['id']}/deliveries").json()["data"]
    sibling = make_program("webhooks:manage", administrator=program.administrator, name="Billing")
    for other in (make_program(), sibling):
        for path in (f"/webhook-endpoints/{made['id']}", f"/deliveries/{delivery['id']}"):
            assert other.get(path).status_code == 404
        assert other.delete(f"/webhook-endpoints/{made['id']}").status_code == 404
        assert other.get("/webhook-endpoints").json()["data"] == []


def test_what_ends_deliveries(program, receiver):
    """W7, P2: a client without the scope or turned off gets no webhooks; a suspended company's go on (P3)."""
    create(program, receiver)
    program.company.standing = CompanyStanding.SUSPENDED
    program.company.save()
    happen_and_deliver(program)
    assert len(receiver.received) == 1
    answer = program.post("/webhook-endpoints", {"url": receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (403, "company-suspended")
    for changes in ({"manages_webhooks": False}, {"manages_webhooks": True, "disabled_at": timezone.now()}):
        ApiClient.objects.update(**changes)
        happen_and_deliver(program)
    assert len(receiver.received) == 1


def test_secrets_survive_a_new_key(program, receiver, settings):
    """A4, W4: they are encrypted anew, and the old key can go."""
    old = settings.DECISION_LINK_KEY
    made = create(program, receiver)
    new = "a new key " * 6
    settings.DECISION_LINK_KEY = f"{new},{old}"
    assert (endpoints.renew_secrets(), endpoints.renew_secrets()) == (1, 0)
    settings.DECISION_LINK_KEY = new
    happen_and_deliver(program)
    verify(receiver.received[0], made["secret"])
    settings.DECISION_LINK_KEY = old
    happen_and_deliver(program)
    attempts = WebhookDelivery.objects.latest("pk").attempts
    assert [attempt["error"] for attempt in attempts] == ["secret"]


def test_no_secret_in_a_log(program, receiver, caplog):
    """X4, W4."""
    caplog.set_level(logging.DEBUG)
    made = create(program, receiver)
    program.post(f"/webhook-endpoints/{made['id']}/ping")
    receiver.status = 410
    happen_and_deliver(program)
    assert made["secret"] not in caplog.text and made["secret"][6:] not in caplog.text
    assert timedelta(0) <= timezone.now() - WebhookEndpoint.objects.get().disabled_at
