"""`manage.py` in another terminal finds the servers that `make run` started."""

import os
import stat

import environ
import pytest

from local import addresses


@pytest.fixture(autouse=True)
def running_file(tmp_path, monkeypatch):
    path = tmp_path / "running.env"
    monkeypatch.setattr(addresses, "RUNNING_FILE", path)
    monkeypatch.delenv("A_TEST_ADDRESS", raising=False)
    yield path
    os.environ.pop("A_TEST_ADDRESS", None)


@pytest.mark.parametrize("value", ["postgres://postgres@/%2Ftmp/smt-x/db", '/it\'s # "a" folder', ""])
def test_the_settings_read_published_addresses(running_file, value):
    addresses.publish_addresses({"A_TEST_ADDRESS": value})
    environ.Env.read_env(running_file)  # as smt_portal/settings.py does
    assert os.environ["A_TEST_ADDRESS"] == value


def test_the_environments_own_value_wins(running_file, monkeypatch):
    monkeypatch.setenv("A_TEST_ADDRESS", "mine")
    addresses.publish_addresses({"A_TEST_ADDRESS": "here"})
    environ.Env.read_env(running_file)
    assert os.environ["A_TEST_ADDRESS"] == "mine"


def test_only_the_owner_may_read_the_file_with_passwords(running_file):
    addresses.publish_addresses({"A_TEST_ADDRESS": "here"})
    assert stat.S_IMODE(running_file.stat().st_mode) == 0o600
