"""A pytest plugin: after the last test, no log that a process wrote has anything private in it (X4, X5).

It reads the portal's own lines of every test process, each `*.log` in the tests' temporary folders (web servers,
workers, beat, sweeps) and the log of the tests' PostgreSQL. Findings fail the run, whatever was run.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest

from smt_portal.logs import PrivateDataFilter, build_formatter
from tests.support import servers

FOLDER = "SMT_TEST_LOGS"  # where each test process writes the portal's lines
PLANTED = "Theodolinda"  # in the lines that a control writes to show that they would be found
PRIVATE = {
    "an email address": re.compile(r"[\w.+'-]+@[\w-]+\.[\w.-]*[a-z]\b"),
    "a link": re.compile(r"/(?:invitation|confirm|confirm-email|key)/[\w:-]{20,}"),
    "a token": re.compile(r"(?<![\w/.-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{43}(?![\w-])"),
    "a key or token of the API": re.compile(r"smt(?:p_(?:live|test)_[0-9A-Za-z]{8}_|t_)[0-9A-Za-z]{20,}"),
    "an ESIID": re.compile(r"(?<!\d)10\d{15}(?:\d{5})?(?!\d)"),
    "a name or address": re.compile(r"Delgado|Boxwood|Ibarra|Akin\b|Congress Avenue"),
    "a phone number": re.compile(r"\+1[2-9]\d{9}\b|\([2-9]\d\d\) \d{3}-\d{4}"),
}


def private_parts(text: str) -> list[str]:
    """Return what is private in `text`, each with its line."""
    lines = [line for line in text.splitlines() if PLANTED not in line]
    return [f"{what}: {line[:300]}" for line in lines for what, pattern in PRIVATE.items() if pattern.search(line)]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        folder = config._tmp_path_factory.getbasetemp() / "portal"  # type: ignore[attr-defined]
        folder.mkdir()
        os.environ[FOLDER] = str(folder)
    handler = logging.FileHandler(Path(os.environ[FOLDER]) / f"tests-{os.getpid()}.log")
    handler.addFilter(PrivateDataFilter())
    handler.setFormatter(build_formatter(json=False))
    logging.getLogger().addHandler(handler)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput"):
        return
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    logs = [*base.rglob("*.log"), *servers.logs]
    found = {log: private_parts(log.read_text(errors="replace")) for log in logs if log.is_file()}
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reporter.write_line(f"\n{len(found)} logs read for private data.")
    for log, parts in found.items():
        for part in parts[:5]:
            reporter.write_line(f"Private in {log}: {part}", red=True)
    if any(found.values()) and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
