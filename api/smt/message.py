"""What a program sends: JSON whatever its type is called, field names in any letter case (M2, M5, M8)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

from api.authentication import Caller
from api.smt.failures import SmtFailure
from meters.usage.days import parse_day

MOST_ESIIDS = 20
MOST_DAYS = 366
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
_ESIID = re.compile(r"[0-9]{17}|[0-9]{22}")


def refuse_field(name: str, sentence: str) -> NoReturn:
    raise SmtFailure(400, "1001", f"{name}: {sentence}")


class SmtMessage:
    """A message, or an object inside of one. Each method raises SmtFailure for a value of another form."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name.lower(): value for name, value in values.items()}

    @classmethod
    def parse(cls, body: bytes) -> SmtMessage:
        try:
            values = json.loads(body.decode("utf-8-sig"))
            is_storable = not _NOT_STORABLE.search(json.dumps(values, ensure_ascii=False))
        except (ValueError, RecursionError) as mistake:
            raise SmtFailure(400, "1001", "The body is not JSON in UTF-8.") from mistake
        # json.dumps writes the null character as an escape.
        if not isinstance(values, dict) or not is_storable or b"\\u0000" in body:
            raise SmtFailure(400, "1001", "The body is not a JSON object of ordinary text.")
        return cls(values)

    def text(self, *names: str, most: int = 254) -> str:
        """Return the first of the fields that is there, a number as its digits; empty if none is."""
        for name in names:
            value = self._values.get(name.lower())
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            if not isinstance(value, str) or len(value) > most:
                refuse_field(name, f"Send text of at most {most} characters.")
            return value.strip()
        return ""

    def required(self, *names: str, most: int = 254) -> str:
        return self.text(*names, most=most) or refuse_field(names[0], "This field is missing.")

    def choice(self, name: str, choices: Mapping[str, str], default: str) -> str:
        """Return what the value stands for, in any letter case."""
        if not (text := self.text(name)):
            return default
        if text.upper() not in choices:
            refuse_field(name, f"Send one of: {', '.join(choices)}.")
        return choices[text.upper()]

    def day(self, name: str) -> date:
        try:
            return parse_day(self.text(name))
        except ValueError as mistake:
            text = f"Invalid Date. Expected format of: {name} is MM/dd/yyyy"
            raise SmtFailure(400, "1001", text) from mistake

    def period(self) -> tuple[date, date]:
        """Return startDate and endDate."""
        first, last = self.day("startDate"), self.day("endDate")
        if not 0 <= (last - first).days < MOST_DAYS:
            refuse_field("endDate", f"Send startDate or a later day. The period can have at most {MOST_DAYS} days.")
        return first, last

    def objects(self, *names: str) -> list[SmtMessage]:
        """Return the objects of the first list that is there; one alone needs no list."""
        for name in names:
            value = self._values.get(name.lower())
            if value is None:
                continue
            rows = value if isinstance(value, list) else [value]
            if not all(isinstance(row, dict) for row in rows):
                refuse_field(name, "Send a list of objects.")
            return [SmtMessage(row) for row in rows]
        return []

    def texts(self, *names: str) -> list[str]:
        """Return the texts of the first field that is there, which may be one text or a list."""
        for name in names:
            value = self._values.get(name.lower())
            if value is not None:
                rows = value if isinstance(value, list) else [value]
                return [SmtMessage({name: row}).required(name) for row in rows]
        return []

    def esiids(self) -> list[str]:
        """Return the ESIIDs, each once."""
        rows = self.objects("ESIIDMeterList")
        found = [row.required("esiid") for row in rows] or self.texts("esiid", "ESIIDList")
        esiids = list(dict.fromkeys(found))
        if not 1 <= len(esiids) <= MOST_ESIIDS or not all(_ESIID.fullmatch(esiid) for esiid in esiids):
            refuse_field("esiid", f"Send 1 to {MOST_ESIIDS} ESIIDs with 17 or 22 digits.")
        return esiids

    def agreement_number(self, name: str = "agreementNumber") -> str:
        """Return the number with its leading zeros, which programs lose that count with it; empty without one (M8)."""
        text = self.text(name)
        if text and not re.fullmatch("[0-9]{1,12}", text):
            refuse_field(name, "Send a number of at most 12 digits.")
        return text.zfill(12) if text else ""

    def trans_id(self) -> str:
        return self.required("trans_id", most=64)

    def require_common_fields(self, caller: Caller) -> None:
        """Raise SmtFailure unless the message is from the token's client and accepts the terms (M5)."""
        if self.required("requestorID").upper() != caller.client.client_id.upper():
            refuse_field("requestorID", "Send the client ID of your token.")
        duns = self.text("requesterAuthenticationID")
        if duns and caller.client.owner.duns and duns.lstrip("0") != caller.client.owner.duns.lstrip("0"):
            refuse_field("requesterAuthenticationID", "Send your company's DUNS number, or leave it out.")
        if self.text("SMTTermsandConditions").upper() != "Y":
            refuse_field("SMTTermsandConditions", "Send Y.")
