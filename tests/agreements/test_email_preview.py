"""Page 2 shows the email that the customer will get, before it is sent (T8)."""

from __future__ import annotations

import re
from html import unescape

import pytest

from agreements.preview import LINK, NUMBER
from lib import link_tokens
from notifications.models import Email
from tests.factories import EsiidClaimFactory, MeterFactory
from tests.support.agreement_forms import PAGE_2, page_1, page_1_registered

pytestmark = pytest.mark.django_db
NEW = "/agreements/new/"


def preview_of(page) -> str:
    (text,) = re.findall(r'(?s)<pre class="email-text"[^>]*>(.*?)</pre>', page.content.decode())
    return unescape(text)


def masked(text: str, *words: str) -> str:
    """Return `text` with every word of `words` as the preview has it."""
    for word in sorted({part for each in words for part in each.split()}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w•]){re.escape(word)}(?![\w•])", f"{word[0]}•••", text)
    return text


def test_it_is_the_email_that_is_sent(client, member):
    """T8: word for word, but for the link, the number and what the third party may not see."""
    meter = MeterFactory(premise__address="206 Boxwood Drive", premise__city="Baytown")
    review = client.post(NEW, page_1(meter))["Location"]
    client.post(review, PAGE_2 | {"preview": "open"})
    preview = preview_of(client.get(review))
    client.post(review, PAGE_2)
    email = Email.objects.get(kind="EM201")
    assert email.language == "es" and email.text != preview
    sent = email.text.replace(email.placeholder, LINK).replace(email.about[0], NUMBER)
    for line, line_of_preview in zip(sent.splitlines(), preview.strip().splitlines(), strict=True):
        hidden = masked(line, "206 Boxwood Drive", "Baytown")
        assert line_of_preview in (line.rstrip(), hidden.rstrip())


def test_it_has_what_was_typed_on_page_2_and_escapes_it(client, member):
    """T8, E3: also what is not right yet; a script of the third party's is text."""
    review = client.post(NEW, page_1(MeterFactory()))["Location"]
    comments = "<script>alert(1)</script> {{ link_token }}"
    typed = PAGE_2 | {"comments": comments, "contact_phone": "call me", "attested": ""}
    answer = client.post(review, typed | {"preview": "open"})
    assert answer["Location"].endswith("?preview=open#preview")
    page = client.get(answer["Location"])
    assert "<script>alert(1)" not in page.content.decode() and "{{ link_token }}" in preview_of(page)
    assert "call me" in preview_of(page) and '<details class="fold" open>' in page.content.decode()
    assert not Email.objects.exists()


def test_it_speaks_the_customers_language(client, member):
    """T8: Rosa's request is in Spanish; the page around it is not."""
    page = client.get(client.post(NEW, page_1(MeterFactory()))["Location"])
    assert '<pre class="email-text" lang="es">' in page.content.decode()
    assert "solicit" in preview_of(page).lower()


def test_nothing_on_record_is_in_it(client, member):
    """T6, T7: the address on record and a registered customer's name stay hidden until the acceptance."""
    meter = MeterFactory(premise__address="17 Hidden Lane", premise__city="Secretville")
    page = client.get(client.post(NEW, page_1(meter))["Location"]).content.decode()
    assert not [word for word in ("Hidden", "Lane", "Secretville") if word in page]
    claim = EsiidClaimFactory(premise=MeterFactory(premise__address="18 Hidden Lane").premise)
    user, registered_meter = claim.customer.user, claim.premise.meters.get()
    page = client.get(client.post(NEW, page_1_registered(user.email, registered_meter))["Location"])
    assert preview_of(page)
    secrets = (user.first_name, user.last_name, "Hidden", claim.premise.city, str(user.phone or "no phone"))
    assert not [secret for secret in secrets if secret in page.content.decode()]


def test_no_decision_link_is_made_or_shown(client, member, monkeypatch):
    """X5: a preview has none to leak."""
    made = []
    monkeypatch.setattr(link_tokens, "new_nonce", lambda: made.append(1) or b"")
    monkeypatch.setattr(link_tokens, "derive_token", lambda *args: made.append(1) or "")
    page = client.get(client.post(NEW, page_1(MeterFactory(), MeterFactory()))["Location"])
    assert not made
    assert set(re.findall(r"/invitation/([^/\s<]+)", page.content.decode())) == {LINK}
