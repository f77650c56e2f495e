"""An email is a row of the change that causes it (E2), and users' text cannot change it (E3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from lib import link_tokens
from notifications import actions
from notifications.actions import DecisionLink, OutgoingEmail
from notifications.models import Email
from notifications.templatetags import plain_text
from tests.support.races import together

NONCE = link_tokens.new_nonce()
PDF = b"%PDF-1.7 letter"


@pytest.mark.django_db
def test_an_email_is_rolled_back_with_its_change(queue: Callable[..., Email]) -> None:
    """E2."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        raise ZeroDivisionError
    assert not Email.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_email_outside_a_transaction_is_refused() -> None:
    """E2."""
    with pytest.raises(RuntimeError, match=r"transaction\.atomic"):
        actions.queue_email(
            OutgoingEmail(kind="probe", key="k", to="maria@example.net", language="en", subject="s", context={})
        )


@pytest.mark.django_db
def test_a_key_is_queued_once_and_the_transaction_goes_on(queue: Callable[..., Email]) -> None:
    """E2."""
    with transaction.atomic():
        first = queue("same", subject="First")
        queue("same", subject="Second")
        queue("other")
    assert Email.objects.count() == 2
    assert Email.objects.get(key="same").subject == first.subject == "First"


@pytest.mark.django_db(transaction=True)
def test_two_transactions_that_queue_one_key_at_once_write_one_row(queue: Callable[..., Email]) -> None:
    """E2."""
    answers = together([lambda: queue("same")] * 4)
    assert {type(answer) for answer in answers} == {Email}, answers
    assert Email.objects.count() == 1


@pytest.mark.django_db
def test_both_parts_are_written_in_the_language_and_in_central_time(queue: Callable[..., Email]) -> None:
    """E1, C6, A3."""
    email = queue(
        language="es", subject=gettext_lazy("Monday"), context={"moment": datetime(2026, 7, 1, 12, tzinfo=UTC)}
    )
    assert "07:00 CDT" in email.text and "07:00 CDT" in email.html
    assert '<html lang="es">' in email.html
    assert email.subject.lower() == "lunes"


@pytest.mark.django_db
def test_the_token_of_a_link_is_in_no_column(queue: Callable[..., Email]) -> None:
    """X5."""
    email = queue(link=DecisionLink(NONCE))
    token = link_tokens.derive_token(NONCE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text, encode(link_nonce, 'escape') FROM notifications_email e")
        assert token not in "".join(cursor.fetchone())
    assert f"/invitation/{email.placeholder}/" in email.text
    assert f"/invitation/{email.placeholder}/" in email.html
    assert len(email.placeholder) == len(token)
    assert email.placeholder != queue("another", link=DecisionLink(NONCE)).placeholder


@pytest.mark.django_db
def test_a_link_that_a_template_leaves_out_is_an_error(queue: Callable[..., Email]) -> None:
    """C1: an invitation without its link is useless."""
    with pytest.raises(ValueError, match="link_token"):
        queue(template="linkless", link=DecisionLink(NONCE))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["maria@example.net\r\nBcc: eve@example.com", "maria", "a@b@c", "", "x@example.net,y@example.net"]
)
def test_an_address_cannot_add_a_recipient(queue: Callable[..., Email], address: str) -> None:
    """E3."""
    with pytest.raises(ValidationError):
        queue(to=address)


@pytest.mark.django_db
def test_a_subject_is_one_line_without_control_characters_and_not_too_long(queue: Callable[..., Email]) -> None:
    """E3."""
    email = queue(subject="Acme\r\nBcc: eve@example.com\x00\u202egpj\u200b\x1b[2J\u2028 asks " + "x" * 500)
    assert email.subject.startswith("Acme Bcc: eve@example.comgpj[2J asks xxx")
    assert len(email.subject) == 200


@pytest.mark.django_db
@pytest.mark.parametrize("file", [("letter.exe", PDF), ("letter.pdf", b"MZ")])
def test_only_a_pdf_is_attached(queue: Callable[..., Email], file: tuple[str, bytes]) -> None:
    with pytest.raises(ValueError, match="PDF"):
        queue(attachments=[file])


@pytest.mark.django_db
def test_comments_in_plain_text_cannot_look_like_the_portals_text(queue: Callable[..., Email]) -> None:
    """E3."""
    comments = "Hi\n\nREAD THE REQUEST\x0bhttp://evil.example\u2028<b>&amp;\r\nThe portal\u202e " + "long " * 40
    email = queue(context={"comments": comments, "name": "Acme\nThe portal says: accept"})
    body = email.text.split("wrote:\n")[1].split("\nThe end.")[0]
    assert "Acme The portal says: accept wrote:" in email.text
    assert all(line.startswith(">") and len(line) <= 72 for line in body.split("\n"))
    assert "> <b>&amp;" in body
    assert "\u202e" not in body
    assert "&lt;b&gt;" in email.html


@given(st.text())
def test_quoted_text_is_quoted_on_every_line(text: str) -> None:
    """E3: `splitlines` knows every character that any reader takes for a line break."""
    lines = plain_text.quoted(text).splitlines()
    assert all(line == ">" or line.startswith("> ") for line in lines)
    assert all(len(line) <= plain_text.WIDTH for line in lines)


@given(st.text(), st.integers(1, 50))
def test_one_line_returns_one_line(text: str, length: int) -> None:
    """E3."""
    line = plain_text.one_line(text, length)
    assert len(line.splitlines()) <= 1
    assert len(line) <= length
    assert "\x00" not in line
