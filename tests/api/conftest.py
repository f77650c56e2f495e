"""Fixtures for tests of the API."""

from __future__ import annotations

import pytest

from tests.support.api import ApiProgram, make_program
from tests.support.smt import SmtProgram
from tests.support.webhook_receiver import receiver

__all__ = ["receiver"]


@pytest.fixture
def program(db) -> ApiProgram:
    """A program that may do everything for an approved company."""
    return make_program()


@pytest.fixture
def smt(program) -> SmtProgram:
    """The same, as a program of Smart Meter Texas, with the attestation turned on."""
    return SmtProgram(program).attest()
