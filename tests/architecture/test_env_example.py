"""The example of an environment names every variable that the settings read."""

import re

from local.addresses import ROOT


def test_every_variable_of_the_settings_is_explained():
    settings = "".join((ROOT / "smt_portal" / f"{name}.py").read_text() for name in ("settings", "business_limits"))
    read = set(re.findall(r"(?:env\.\w+|_required)\(\s*\"([A-Z_]+)\"", settings))
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {"DATABASE_URL", "REPORT_RETENTION_DAYS"} <= read
    assert read - explained == set()
