"""Scheduled work of the API."""

from celery import shared_task

from agreements.bulk import sending
from api import clients, deliveries, endpoints, events, idempotency, publisher, tokens, webhook_delivery
from api.sandbox import retention, steps
from api.sandbox.premises import prepare_meters


@shared_task
def publish_events() -> None:
    publisher.publish_events()


@shared_task
def deliver_due() -> None:
    webhook_delivery.deliver_due()


@shared_task
def delete_old_deliveries() -> None:
    deliveries.delete_old_deliveries()


@shared_task
def renew_secrets() -> None:
    endpoints.renew_secrets()


@shared_task
def delete_old_events() -> None:
    events.delete_old_events()


@shared_task
def notify_of_expiring_keys() -> None:
    clients.notify_of_expiring_keys()


@shared_task
def delete_old_tokens() -> None:
    tokens.delete_old_tokens()


@shared_task
def delete_old_idempotency_keys() -> None:
    idempotency.delete_old_keys()


@shared_task
def run_sandbox_steps() -> None:
    steps.run_due_steps()


@shared_task
def delete_old_test_agreements() -> None:
    retention.delete_old_test_agreements()


@shared_task
def send_due_test_bulks() -> None:
    sending.send_due_bulks(sending.SandboxHooks(prepare_meters, steps.schedule_steps))
