"""`manage.py` in another terminal finds the servers that `make run` started."""

import json
import os
import stat

import pytest

from smt_portal import environment


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "RUNNING_FILE", tmp_path / "var" / "running.json")
    monkeypatch.delenv("A_TEST_ADDRESS", raising=False)
    yield
    os.environ.pop("A_TEST_ADDRESS", None)


def test_published_addresses_are_adopted():
    environment.publish({"A_TEST_ADDRESS": "here"})
    environment.adopt()
    assert os.environ["A_TEST_ADDRESS"] == "here"


def test_what_the_environment_says_itself_wins(monkeypatch):
    monkeypatch.setenv("A_TEST_ADDRESS", "mine")
    environment.publish({"A_TEST_ADDRESS": "here"})
    environment.adopt()
    assert os.environ["A_TEST_ADDRESS"] == "mine"


def test_withdrawn_addresses_are_gone_and_withdrawing_twice_is_harmless():
    environment.publish({"A_TEST_ADDRESS": "here"})
    environment.withdraw()
    environment.withdraw()
    environment.adopt()
    assert "A_TEST_ADDRESS" not in os.environ


def test_the_file_with_passwords_is_for_its_owner_only():
    environment.publish({"A_TEST_ADDRESS": "here"})
    assert stat.S_IMODE(environment.RUNNING_FILE.stat().st_mode) == 0o600
    assert json.loads(environment.RUNNING_FILE.read_text()) == {"A_TEST_ADDRESS": "here"}


def test_a_broken_file_is_no_obstacle():
    environment.RUNNING_FILE.parent.mkdir()
    environment.RUNNING_FILE.write_text("{half a")
    environment.adopt()
