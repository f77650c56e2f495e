"""Log formatting, without tokens, email addresses or more than the last seven digits of an ESIID (X4)."""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

_RULES = [
    (re.compile(r"(/(?:invitation|confirm|confirm-email|key)/)[A-Za-z0-9_:-]{20,}"), r"\1[link]"),
    (re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[email]"),
    (re.compile(r"(?<!\d)10\d{8,13}(\d{7})(?!\d)"), r"[ESIID]\1"),
]


def without_private_data(text: str) -> str:
    """Return `text` without one-time links, email addresses and ESIIDs."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class PrivateDataFilter(logging.Filter):
    """Removes private data from every record, exceptions included, before a handler writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_private_data(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = without_private_data(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


def build_formatter(json: bool) -> logging.Formatter:
    """Return a formatter that writes JSON objects in production and readable lines elsewhere."""
    if not json:
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    stdlib, processors = structlog.stdlib, structlog.processors
    shared: list[Any] = [stdlib.add_log_level, stdlib.add_logger_name, processors.TimeStamper(fmt="iso", utc=True)]
    last: list[Any] = [stdlib.ProcessorFormatter.remove_processors_meta, processors.JSONRenderer()]
    return stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
