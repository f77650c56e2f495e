"""The states of pages that a plain GET does not show, by the part of the portal."""

from tests.pages.states import (
    account,
    api,
    company,
    customer,
    decision,
    document_check,
    failures,
    registration,
    second_factor,
    third_party,
    usage,
)
from tests.pages.states.registry import states

__all__ = [
    "account",
    "api",
    "company",
    "customer",
    "decision",
    "document_check",
    "failures",
    "registration",
    "second_factor",
    "states",
    "third_party",
    "usage",
]
