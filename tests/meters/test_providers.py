"""Electricity providers: the directory, and the provider on record of a premise (D2, X7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from meters.identifiers import provider_name_key
from meters.imports import RejectedRow, import_meters
from meters.imports.providers import import_providers
from meters.models import ElectricityProvider
from tests.factories import PremiseFactory
from tests.meters.usage_files import ESIID

DIRECTORY = 'CERTIFICATE_NUMBER,NAME\n90001,"Bright Star Energy, LLC"\n90001,Bright Star\n90002,Pecan Power Inc.\n'


@pytest.mark.parametrize(
    "typed",
    [
        "TXU Energy Retail Company LLC",
        "txu energy retail",
        " T.X.U. Energy - Retail, L.L.C. ",
        "TXU ENERGY RETAIL CO., LLC",
        "TXÜ energy retail, Inc",
    ],
)
def test_providers_are_compared_without_case_punctuation_and_legal_form(typed):
    """X7"""
    assert provider_name_key(typed) == "txuenergyretail"


@pytest.mark.parametrize("typed", ["TXU", "TXU Energy", "Reliant", "", "LLC", "电力"])
def test_other_names_stay_different(typed):
    assert provider_name_key(typed) != "txuenergyretail"


@pytest.mark.django_db
def test_the_directory_is_loaded_once(tmp_path):
    """D2"""
    (tmp_path / "providers.csv").write_text(DIRECTORY + "9000,Short\n90003\n90004,\n")
    rejections: list[RejectedRow] = []
    result = import_providers(tmp_path / "providers.csv", rejections.append)
    assert (result.rows, result.new, result.unchanged) == (6, 3, 0)
    assert [(row.line, row.reason.value) for row in rejections] == [
        (5, "certificate"),
        (6, "columns"),
        (7, "certificate"),
    ]
    assert import_providers(tmp_path / "providers.csv").unchanged == 3
    assert ElectricityProvider.objects.count() == 3


@pytest.mark.django_db
def test_the_command_refuses_another_file(tmp_path, capsys):
    (tmp_path / "providers.csv").write_text("ESIID,METER_NUMBER\n")
    with pytest.raises(CommandError):
        call_command("load_providers", str(tmp_path / "providers.csv"))
    (tmp_path / "providers.csv").write_text(DIRECTORY)
    call_command("load_providers", str(tmp_path / "providers.csv"), dry_run=True)
    assert "3 new" in capsys.readouterr().out
    assert not ElectricityProvider.objects.exists()


def _load_meters(folder: Path, *lines: str) -> tuple[int, list[str]]:
    (folder / "meters.csv").write_text("\n".join(lines))
    rejections: list[RejectedRow] = []
    result = import_meters(folder / "meters.csv", rejections.append)
    return result.changed, [row.reason.value for row in rejections]


@pytest.mark.django_db
def test_the_provider_of_record_comes_with_the_meter_numbers(tmp_path):
    """X7: a file without the column changes nothing, a blank means not known."""
    premise = PremiseFactory(esiid=ESIID)
    steps = [
        (("ESIID,METER_NUMBER,REP", f"{ESIID},1,90001", f"{ESIID},2,90001"), "90001", []),
        (("ESIID,METER_NUMBER", f"{ESIID},1"), "90001", []),
        (("ESIID,METER_NUMBER,REP", f"{ESIID},1,TXU"), "90001", ["provider"]),
        (("ESIID,METER_NUMBER,REP", f"{ESIID},1,90002", f"{ESIID},2,90003"), "90002", ["second_provider"]),
        (("ESIID,METER_NUMBER,REP", f"{ESIID},1,"), "", []),
    ]
    for lines, provider_number, reasons in steps:
        _changed, rejected = _load_meters(tmp_path, *lines)
        premise.refresh_from_db()
        assert (premise.provider_number, rejected) == (provider_number, reasons)


@pytest.mark.django_db
def test_loading_a_provider_again_changes_nothing(tmp_path):
    """D2"""
    PremiseFactory(esiid=ESIID)
    lines = ("ESIID,METER_NUMBER,REP", f"{ESIID},1,90001")
    _load_meters(tmp_path, *lines)
    assert _load_meters(tmp_path, *lines) == (0, [])
