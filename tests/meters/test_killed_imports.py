"""An import that is killed and started again ends like an undisturbed one (D2)."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from django.db import connection

from bench.killed_imports import kill_import, usage_digest
from meters.imports import import_usage
from tests.factories import PremiseFactory
from tests.meters.usage_files import ESIID, OTHER_ESIID, import_rows, rows, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.fault]

TIMES = 10


@pytest.fixture
def days(tmp_path, monkeypatch) -> Path:
    """A newer revision of days that are stored, each without a few rows: every day is merged and has carried slots."""
    database = connection.settings_dict["NAME"]
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database}")
    premises = [PremiseFactory(esiid=ESIID), PremiseFactory(esiid=OTHER_ESIID)]
    premises += [PremiseFactory(tdsp=premises[0].tdsp) for _more in range(38)]
    dice, older, newer = random.Random(3), [], []
    for number, premise in enumerate(premises):
        older += rows(["1"] * 96, esiid=premise.esiid)
        lines = rows([str(number + 2)] * 96, esiid=premise.esiid, revision="03/04/2026 06:00:00")
        newer += [line for line in lines if number % 3 or dice.random() > 0.05]
    import_rows(tmp_path, *older)
    path = tmp_path / "newer.csv"
    path.write_bytes(text(*newer))
    return path


def delete_usage() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM meters_carriedslots")
        cursor.execute("DELETE FROM usage_day")


def test_an_import_killed_at_random_moments_ends_like_an_undisturbed_one(days, tmp_path):
    """D2: killed with -9 ten times and started again, then completed."""
    older = tmp_path / "usage.csv"
    undisturbed = import_usage(days)
    expected = usage_digest()
    assert undisturbed.changed == 40
    delete_usage()
    import_usage(older)
    stored = kill_import(days, TIMES, seed=11, blocks=3)
    assert len(stored) == TIMES
    last = import_usage(days)
    assert usage_digest() == expected
    assert last.changed + last.unchanged == 40


@pytest.mark.control
def test_without_transactions_a_kill_between_two_statements_loses_data(days):
    """Control: carried slots of merged days are lost, and the next import finds nothing to do."""
    older = days.with_name("usage.csv")
    import_usage(days)
    expected = usage_digest()
    delete_usage()
    import_usage(older)
    kill_import(days, 1, seed=11, blocks=3, mode="careless")
    import_usage(days)
    assert usage_digest() != expected
