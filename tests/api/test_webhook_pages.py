"""My Account / API: webhook endpoints and deliveries on pages, without JavaScript (W4 to W6, W9)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from api.models import ApiClient, WebhookDelivery, WebhookEndpoint
from api.publisher import publish_events
from api.webhook_delivery import deliver_due
from companies.models import CompanyStanding, Membership
from tests.factories import AgreementEventFactory, MembershipFactory, OperatorFactory
from tests.pages.states.account import again
from tests.support.api import ApiProgram, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client) -> Membership:
    """An administrator who gave the password again a moment ago."""
    member = MembershipFactory(is_administrator=True)
    again(client, member.user, reverse("home"))
    return member


@pytest.fixture
def program(administrator) -> ApiProgram:
    return make_program(administrator=administrator)


def create(client: Client, program: ApiProgram, receiver: Any, **changes: Any) -> Any:
    form = {"url": receiver.url, "description": "CRM", "types": ["*", "agreement.held"]} | changes
    return client.post(reverse("api_webhook_new", args=[program.client.pk]), form)


def address(name: str, *more: int) -> str:
    endpoint = WebhookEndpoint.objects.get()
    return reverse(name, args=[endpoint.client_id, endpoint.pk, *more])


def text_of(page: Any) -> str:
    return page.content.decode().replace("&#x27;", "'")


def happen_and_deliver(program: ApiProgram) -> WebhookDelivery:
    AgreementEventFactory(agreement__company=program.company)
    publish_events()
    deliver_due()
    return WebhookDelivery.objects.latest("pk")


def test_an_endpoint_from_its_first_page_to_its_last(client, program, receiver):
    """W4, W6: the secret is shown once."""
    page = text_of(create(client, program, receiver))
    (secret,) = re.findall(r"whsec_[0-9A-Za-z+/=]{44}", page)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.types == ["*"] and endpoint.client == program.client
    listed = text_of(client.get(reverse("api_client", args=[program.client.pk])))
    assert address("api_webhook") in listed
    detail = text_of(client.get(address("api_webhook")))
    assert endpoint.url in detail.replace("&amp;", "&") and secret not in detail and "All events" in detail
    rotated = text_of(client.post(address("api_webhook_secret"), {"overlap_hours": "1"}))
    assert "whsec_" in rotated and secret not in rotated and endpoint.secrets.count() == 2
    edited = {"url": endpoint.url, "types": ["report.ready"], "description": ""}
    assert 'value="CRM"' in text_of(client.get(address("api_webhook_edit")))
    assert "has been off since" in text_of(client.post(address("api_webhook_edit"), edited, follow=True))
    client.post(address("api_webhook_edit"), edited | {"is_enabled": "on"})
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None and endpoint.types == ["report.ready"]
    assert "Delete" in text_of(client.get(address("api_webhook_delete")))
    assert "Webhook endpoint deleted." in text_of(client.post(address("api_webhook_delete"), follow=True))
    assert not WebhookEndpoint.objects.exists()


def test_mistakes_are_named(client, program, receiver, settings):
    """A2, W8."""
    empty = text_of(create(client, program, receiver, url="", types=[]))
    assert "Enter the URL of your server." in empty and "Choose at least one event." in empty
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    refused = text_of(create(client, program, receiver, url="https://127.0.0.1/"))
    assert "an address that we don't send to" in refused
    assert "starts with https://" in text_of(create(client, program, receiver))
    assert not WebhookEndpoint.objects.exists()


def test_deliveries_are_seen_and_sent_again(client, program, receiver):
    """W9."""
    create(client, program, receiver)
    receiver.status, receiver.body = 500, b"<b>out of order</b>"
    delivery = happen_and_deliver(program)
    detail = text_of(client.get(address("api_delivery", delivery.pk)))
    assert "&lt;b&gt;out of order" in detail and delivery.event.event_id in detail and "Waiting" in detail
    receiver.status = 204
    sent = text_of(client.post(address("api_delivery_replay", delivery.pk), follow=True))
    assert "The event will be sent again." in sent
    deliver_due()
    assert "Delivered" in text_of(client.get(address("api_delivery", delivery.pk)))
    for state, count in (("succeeded", 1), ("failed", 0), ("", 1)):
        page = text_of(client.get(address("api_webhook"), {"state": state}))
        assert page.count(f"/deliveries/{delivery.pk}/") == count
    form = {"hours": "24", "only_failed": "on"}
    assert "0 deliveries will" in text_of(client.post(address("api_webhook_replay"), form, follow=True))
    assert "1 delivery will" in text_of(client.post(address("api_webhook_replay"), {"hours": "24"}, follow=True))
    wrong = text_of(client.post(address("api_webhook_replay"), {"hours": "5"}, follow=True))
    assert "Choose a period from the list." in wrong


def test_a_ping_by_its_button(client, program, receiver, settings):
    """W5."""
    create(client, program, receiver)
    assert "Ping delivered: your server answered 204" in text_of(client.post(address("api_webhook_ping"), follow=True))
    receiver.status = 503
    assert "answered the ping with 503" in text_of(client.post(address("api_webhook_ping"), follow=True))
    receiver.fault = "reset"
    assert "didn't reach your server (closed)" in text_of(client.post(address("api_webhook_ping"), follow=True))
    settings.API_PINGS_A_MINUTE = 1
    assert "sent too many pings." in text_of(client.post(address("api_webhook_ping"), follow=True))
    assert len(receiver.received) == 3


def test_what_is_another_companys_does_not_exist(client, program, receiver):
    """P4: nor for a user who is no administrator."""
    create(client, program, receiver)
    delivery = happen_and_deliver(program)
    pages = [("api_webhook", ()), ("api_webhook_edit", ()), ("api_webhook_secret", ()), ("api_webhook_delete", ())]
    pages += [("api_delivery", (delivery.pk,)), ("api_webhook_ping", ()), ("api_webhook_replay", ())]
    pages += [("api_delivery_replay", (delivery.pk,))]
    other = Client()
    again(other, MembershipFactory(is_administrator=True).user, reverse("home"))
    plain = Client()
    plain.force_login(MembershipFactory(company=program.company).user)
    for name, more in pages:
        assert {other.get(address(name, *more)).status_code} <= {404, 405}, name
        assert other.post(address(name, *more), {"hours": "24"}).status_code in (404, 405), name
        assert plain.post(address(name, *more)).status_code in (403, 405), name
    assert len(receiver.received) == 1


def test_a_suspended_company_reads_and_deletes(client, program, receiver):
    """P3."""
    create(client, program, receiver)
    program.company.standing = CompanyStanding.SUSPENDED
    program.company.save()
    page = text_of(client.get(address("api_webhook")))
    assert address("api_webhook_edit") not in page and address("api_webhook_delete") in page
    assert client.get(address("api_webhook_edit")).status_code == 403
    assert client.post(address("api_webhook_ping")).status_code == 403
    assert client.post(address("api_webhook_delete")).status_code == 302
    assert not WebhookEndpoint.objects.exists()


def test_operators_see_health_and_turn_endpoints_off(client, program, receiver):
    """W4, D1: no secret, no path of the URL, and the company is told."""
    create(client, program, receiver)
    operator = OperatorFactory()
    User.objects.filter(pk=operator.pk).update(language="en")
    staff = Client()
    staff.force_login(operator)
    listed = text_of(staff.get(reverse("admin:api_webhookendpoint_changelist")))
    detail = text_of(staff.get(reverse("admin:api_webhookendpoint_change", args=[WebhookEndpoint.objects.get().pk])))
    for page in (listed, detail):
        assert "127.0.0.1" in page and "/hooks" not in page and "whsec_" not in page
    action = {"action": "turn_off", "_selected_action": [WebhookEndpoint.objects.get().pk]}
    staff.post(reverse("admin:api_webhookendpoint_changelist"), action)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.disabled_reason == "operator"
    assert "Turned off by the operator" in text_of(client.get(address("api_webhook")))
    ApiClient.objects.update(disabled_at=timezone.now())
    assert address("api_webhook_edit") not in text_of(client.get(address("api_webhook")))
