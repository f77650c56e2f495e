"""Open an email in the inbox and click the link in it (E4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from lib import link_tokens
from local.mail_catcher import save_message
from notifications import delivery
from notifications.actions import DecisionLink
from notifications.models import Email
from tests.support.smtp_sink import SmtpSink

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.local.inbox_urls"),
]

NONCE = link_tokens.new_nonce()


@pytest.mark.parametrize("script", [True, False])
def test_the_link_in_a_mail_opens_in_the_whole_window(
    queue: Callable[..., Email],
    mail_server: SmtpSink,
    settings: Settings,
    tmp_path: Path,
    live_server: LiveServer,
    new_context: Callable[..., BrowserContext],
    script: bool,
) -> None:
    settings.MAILBOX_DIR = str(tmp_path)
    settings.PORTAL_ORIGIN = live_server.url
    queue(link=DecisionLink(NONCE))
    delivery.deliver_due()
    [sent] = mail_server.deliveries
    save_message(tmp_path, sent.content, sender=sent.sender, recipients=sent.recipients)
    page: Page = new_context(java_script_enabled=script).new_page()
    page.goto(f"{live_server.url}/mailbox/")
    page.get_by_role("link", name="Acme asks for your data").click()
    page.frame_locator("iframe").get_by_role("link", name="Answer").click()
    page.wait_for_url(f"{live_server.url}/invitation/{link_tokens.derive_token(NONCE)}/")
