"""The programs of the webhooks guide accept what the portal signs, and nothing else (W3)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse

from api.webhook_delivery import SCHEDULE
from api.webhook_signatures import new_secret, sign
from tests.api.test_documentation_snippets import needed, terminal  # noqa: F401

BODY = '{"id":"evt_1","note":"Größe"}'.encode()
RUN = {
    "verify.py": (
        sys.executable,
        "run.py",
        "import json, sys\nfrom verify import is_from_portal\nh, b, s = json.loads(sys.argv[1])\n"
        "print(json.dumps(is_from_portal(h, b.encode(), s)))\n",
    ),
    "verify.mjs": (
        "node",
        "run.mjs",
        'import { isFromPortal } from "./verify.mjs";\nconst [h, b, s] = JSON.parse(process.argv[2]);\n'
        "console.log(isFromPortal(h, Buffer.from(b), s));\n",
    ),
}


def test_the_guide_names_the_pauses_between_attempts(client):
    """W7"""
    seconds, minutes, hours = [5], [5, 30], [2, 5, 10, 14, 20, 24]
    pauses = [timedelta(seconds=each) for each in seconds]
    pauses += [timedelta(minutes=each) for each in minutes] + [timedelta(hours=each) for each in hours]
    assert list(SCHEDULE) == [timedelta(0), *pauses]
    page = client.get(reverse("api_docs_guide", args=["webhooks"])).content.decode()
    assert "after 5 seconds, 5 and 30 minutes, and 2, 5, 10, 14, 20, and 24 hours" in page


@pytest.mark.parametrize("name", RUN)
def test_a_snippet_accepts_only_what_the_portal_signed(terminal, tmp_path, name):  # noqa: F811
    """W3, W6: also during a replacement; not another body, another secret, an old time or a missing header."""
    program, file, text = RUN[name]
    program = needed(program)
    Path(tmp_path / name).write_text(terminal.snippets("api_docs_guide", "webhooks")[name])
    Path(tmp_path / file).write_text(text)
    secret, other, now = new_secret(), new_secret(), int(time.time())

    def accepts(body: bytes, with_secrets: list[str], timestamp: int, without: str = "") -> bool:
        signature = sign("evt_1", timestamp, BODY, with_secrets)
        headers = {"webhook-id": "evt_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}
        headers.pop(without, None)
        values = json.dumps([headers, body.decode(), secret])
        return json.loads(subprocess.check_output([program, file, values], cwd=tmp_path, text=True))

    assert accepts(BODY, [secret], now) and accepts(BODY, [other, secret], now)
    assert not accepts(BODY + b" ", [secret], now)
    assert not accepts(BODY, [other], now)
    assert not accepts(BODY, [secret], now - 600)
    for header in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not accepts(BODY, [secret], now, without=header)
