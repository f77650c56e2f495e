"""Messages as public programs for Smart Meter Texas send them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from api.clients import change_attestation
from tests.support.api import ApiProgram, make_program

FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass
class SmtProgram:
    """A program that sends messages with the token of `program`; `send` gives Django's answer, with `json()`."""

    program: ApiProgram
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        self.browser = Client(raise_request_exception=False)

    @property
    def id(self) -> str:
        return self.program.client.client_id

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.browser.post(path, data, content_type=self.content_type, headers=headers or {})

    def token(self, **changes: Any) -> Any:
        body = {"username": self.id, "password": self.program.issued.text} | changes
        return self.post("/smt/v2/token/", body)

    def message(self, **fields: Any) -> dict[str, Any]:
        sender = {"trans_id": "20261130-1", "requestorID": self.id, "requesterType": "CSP"}
        return sender | {"SMTTermsandConditions": "Y"} | fields

    def send(self, name: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """Send a message with the common fields and `fields`; a field that is None is left out."""
        body = {field: value for field, value in self.message(**fields).items() if value is not None}
        own = {"authorization": f"Bearer {self.program.token or self.program.issued.text}"}
        return self.post(f"/smt/v2/{name}/", body, headers=own | (headers or {}))

    def attest(self) -> SmtProgram:
        """Turn on the attestation, as an administrator does on the client's page (M7)."""
        change_attestation(self.program.client, is_attested=True, by=self.program.administrator.user)
        return self


def make_smt_program(*scopes: str, **details: Any) -> SmtProgram:
    return SmtProgram(make_program(*scopes, **details))
