"""Log lines with a request id (O2), without tokens, email addresses or more than seven digits of an ESIID (X4).

An exception's message may quote anything: a row of the database, what someone typed. A line has its message only if
its class is known to quote no personal data; otherwise type, files, lines and SQLSTATE have to do.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import structlog
from django.core.exceptions import FieldError, ImproperlyConfigured, ObjectDoesNotExist
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from smt_portal.request_ids import current_id

_LONG = r"[A-Za-z0-9_:-]"
_RULES = [
    (re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+"), r"\1?[query]"),
    (re.compile(rf"(/(?:invitation|confirm|confirm-email|key)/){_LONG}{{20,}}"), r"\1[link]"),
    (re.compile(rf"/{_LONG}{{32,}}(?![A-Za-z0-9_.:-])"), "/[link]"),
    (re.compile(rf"(?<!{_LONG})(?={_LONG}*[A-Z])(?={_LONG}*[a-z])(?={_LONG}*\d){_LONG}{{40,}}"), "[token]"),
    (re.compile(r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[email]"),
    (re.compile(r"(?<!\d)10\d{8,13}(\d{7})(?!\d)"), r"[ESIID]\1"),
]

# Their messages name types, attributes, templates, servers and models, not what was typed or stored.
_IMPERSONAL = (
    *(AttributeError, TypeError, NameError, ImportError, NotImplementedError, MemoryError, RecursionError),
    *(FieldError, ImproperlyConfigured, ObjectDoesNotExist, TemplateDoesNotExist, TemplateSyntaxError),
    *(BrokerError, RedisError),
)
_WITH_VALUES = ("22", "23", "P0")  # SQLSTATE classes whose messages quote values


def without_private_data(text: str) -> str:
    """Return `text` without one-time links, tokens, query strings, email addresses and ESIIDs."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def describe_error(error: BaseException) -> str:
    """Return the type of `error`, with as much of its message as contains no personal data."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, OSError):
        return f"{name}: [Errno {error.errno}] {error.strerror}"
    if isinstance(error, psycopg.Error):
        state, diagnosis = error.sqlstate or "", error.diag
        message = "" if state.startswith(_WITH_VALUES) else (diagnosis.message_primary or ("" if state else str(error)))
        parts = (state, message, diagnosis.table_name, diagnosis.constraint_name)
        return f"{name}: {' '.join(filter(None, parts))}"
    return f"{name}: {error}" if isinstance(error, _IMPERSONAL) else f"{name}: [message withheld]"


def format_error(error: BaseException) -> str:
    """Return the traceback of `error` and of what caused it, without private data."""
    parts = []
    for link in reversed(list(error_chain(error))):
        frames = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{describe_error(link)}")
    return without_private_data("\n\nThen:\n\n".join(parts))


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and what caused it, the newest first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


class PrivateDataFilter(logging.Filter):
    """Removes private data from every record, exceptions included, and adds the request's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(record.args, Mapping):
            if "exc" in record.args:  # Celery prints the exception, which is in the traceback anyway
                described = describe_error(error) if error else "[message withheld]"
                record.args = {**record.args, "exc": described, "traceback": ""}
        elif record.args:
            described_args = [describe_error(one) if isinstance(one, BaseException) else one for one in record.args]
            record.args = tuple(described_args)
        message = record.getMessage()
        for link in error_chain(error) if error else ():
            for text in filter(None, (repr(link), str(link))):
                message = message.replace(text, describe_error(link))
        record.msg, record.args = without_private_data(message), None
        if error is not None:
            record.exc_text = format_error(error)
            record.exc_info = None
        record.request_id = current_id.get() or getattr(getattr(record, "request", None), "request_id", "")
        record.error = record.exc_text  # structlog forgets `exc_text`
        return True


def build_formatter(json: bool) -> logging.Formatter:
    """Return a formatter that writes JSON objects in production and readable lines elsewhere."""
    if not json:
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    stdlib, processors = structlog.stdlib, structlog.processors
    shared: list[Any] = [stdlib.add_log_level, stdlib.add_logger_name, _add_request_and_error]
    shared.append(processors.TimeStamper(fmt="iso", utc=True))
    last: list[Any] = [stdlib.ProcessorFormatter.remove_processors_meta, processors.JSONRenderer()]
    return stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)


def _add_request_and_error(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    for name in ("request_id", "error"):
        if value := getattr(event["_record"], name, ""):
            event[name] = value
    return event
