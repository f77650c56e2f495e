"""The example of an environment names every variable that the settings read."""

import re

from local.addresses import ROOT


def test_every_variable_of_the_settings_is_explained():
    settings = (ROOT / "smt_portal" / "settings.py").read_text()
    read = set(re.findall(r"(?:env\.\w+|_required)\(\s*\"([A-Z_]+)\"", settings))
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert "DATABASE_URL" in read
    assert read - explained == set()
