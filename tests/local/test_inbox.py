"""In development, and only there, sent mail can be read in the browser (E4)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from lib import link_tokens
from local.mail_catcher import save_message
from notifications import delivery
from notifications.actions import DecisionLink
from notifications.models import Email
from tests.support.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.local.inbox_urls")]

NONCE = link_tokens.new_nonce()


@pytest.fixture
def mailbox(settings: Settings, tmp_path: Path) -> Path:
    directory = tmp_path / "mail"
    directory.mkdir()
    (tmp_path / "secret.eml").write_text("Subject: secret\r\n\r\nsecret")
    settings.MAILBOX_DIR = str(directory)
    return directory


@pytest.fixture
def caught(mailbox: Path, queue: Callable[..., Email], mail_server: SmtpSink) -> str:
    """The name of an email that the portal sent and the mail catcher saved."""
    queue(link=DecisionLink(NONCE), attachments=[("letter.pdf", b"%PDF-1.7 letter")], subject="Acme <b>asks</b>")
    delivery.deliver_due()
    [sent] = mail_server.deliveries
    return save_message(mailbox, sent.content, sender=sent.sender, recipients=sent.recipients).stem


def test_the_list_shows_the_newest_first_and_finds_an_address(client: Client, mailbox: Path, caught: str) -> None:
    (mailbox / "00000000000000000001-00000000.eml").write_text("X-Envelope-To: old@example.net\nSubject: Old one\n\nHi")
    page = client.get("/mailbox/").content.decode()
    assert page.index("Acme &lt;b&gt;asks") < page.index("Old one")
    assert "maria@example.net" in page
    assert "Old one" not in client.get("/mailbox/", {"to": "MARIA@"}).content.decode()
    assert "No emails to this address" in client.get("/mailbox/", {"to": "nobody"}).content.decode()


def test_an_empty_inbox_explains_what_to_do(client: Client, mailbox: Path) -> None:
    assert "No emails yet" in client.get("/mailbox/").content.decode()


def test_a_long_list_has_pages(client: Client, mailbox: Path) -> None:
    for number in range(60):
        (mailbox / f"{number:020d}-00000000.eml").write_text(f"To: a@example.net\nSubject: Mail {number:03d}\n\nHi")
    assert client.get("/mailbox/").content.count(b"Mail 0") == 50
    assert client.get("/mailbox/?page=2").content.count(b"Mail 0") == 10
    assert client.get("/mailbox/?page=junk").status_code == 200


def test_a_message_shows_both_parts_and_its_attachment(client: Client, caught: str) -> None:
    page = client.get(f"/mailbox/{caught}/").content.decode()
    link = f"/invitation/{link_tokens.derive_token(NONCE)}/"
    assert f'{link}" rel="nofollow"' in page, "the link in the plain text can be clicked"
    assert f'src="/mailbox/{caught}/html/"' in page
    file = client.get(f"/mailbox/{caught}/attachments/1/")
    assert file.content == b"%PDF-1.7 letter"
    assert file["Content-Disposition"] == 'attachment; filename="letter.pdf"'
    assert client.get(f"/mailbox/{caught}/attachments/2/").status_code == 404


def test_the_html_part_runs_nothing_and_its_links_leave_the_frame(client: Client, caught: str) -> None:
    response = client.get(f"/mailbox/{caught}/html/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    html = response.content.decode()
    assert '<head><base target="_top">' in html
    assert f"/invitation/{link_tokens.derive_token(NONCE)}/" in html


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "..%2Fsecret",
        "%2e%2e/secret",
        "secret",
        "link",
        "..",
        "a%00b",
        "x" * 300,
        "/etc/passwd",
        ".hidden",
        "folder",
    ],
)
def test_only_caught_mail_is_read(client: Client, mailbox: Path, name: str) -> None:
    os.symlink(mailbox.parent / "secret.eml", mailbox / "link.eml")
    (mailbox / ".hidden.eml").write_text("Subject: secret\n\nsecret")
    (mailbox / "folder.eml").mkdir()
    for path in (f"/mailbox/{name}/", f"/mailbox/{name}/html/", f"/mailbox/{name}/attachments/1/"):
        response = client.get(path)
        assert response.status_code == 404 and b"Subject: secret" not in response.content


@pytest.mark.parametrize("path", ["", "x/", "x/html/", "x/attachments/1/"])
def test_without_a_mailbox_directory_there_is_no_inbox(client: Client, settings: Settings, path: str) -> None:
    settings.MAILBOX_DIR = ""
    assert client.get(f"/mailbox/{path}").status_code == 404


def test_nothing_can_be_posted_to_the_inbox(client: Client, mailbox: Path) -> None:
    assert client.post("/mailbox/").status_code == 405
