"""What the documentation tells developers to run is run: copied from the pages, with a real key (V3)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from html import unescape
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import playwright
import pytest
from django.urls import reverse

from agreements.models import Agreement
from api.documentation.reference import load_reference
from api.models import Environment
from api.sandbox.scenarios import ANSWERED_AFTER
from api.sandbox.steps import run_due_steps
from lib.central_time import utc_or_now
from notifications.models import Email
from reports.actions import generate_due_reports
from tests.support.api import make_program
from tests.support.races import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BLOCK = re.compile(r"<figcaption>(.*?)</figcaption>\s*<pre[^>]*><code>(.*?)</code></pre>", re.DOTALL)
NUMBER = "112826000001"


class DeveloperTerminal:
    """A developer's folder and terminal, with a test key of the portal at `origin`."""

    def __init__(self, origin: str, folder: Path) -> None:
        self.origin, self.folder = origin, folder
        self.program = make_program(environment=Environment.TEST)
        keys = {"SMT_API_KEY": self.program.issued.text, "CLIENT_ID": self.program.client.client_id}
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder)} | keys

    def snippets(self, name: str, *args: str) -> dict[str, str]:
        """Title -> text of each snippet of the page."""
        with urlopen(self.origin + reverse(name, args=args), timeout=60) as answer:
            page = answer.read().decode()
        return {unescape(title): unescape(text) for title, text in BLOCK.findall(page)}

    def run(self, *command: str) -> str:
        """What the command prints; it must succeed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def shell(self, text: str) -> str:
        return self.run("sh", "-c", text)

    def save(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
def terminal(live_server: Any, settings: Any, tmp_path: Path) -> DeveloperTerminal:
    settings.PORTAL_ORIGIN = live_server.url
    return DeveloperTerminal(live_server.url, tmp_path)


def needed(name: str, *others: Path) -> str:
    """The path of a program; without it the test is skipped, and fails where everything is installed."""
    path = next(filter(None, [shutil.which(name), *(str(other) for other in others if other.exists())]), None)
    if path is None:
        reason = f"The documentation's snippets did not run: there is no {name} on this machine."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def accept() -> Agreement:
    """The sandbox's customer accepts the only agreement, and its report is made."""
    (agreement,) = Agreement.objects.all()
    run_due_steps(at=utc_or_now() + ANSWERED_AFTER)
    generate_due_reports()
    return agreement


def check_file(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("ESIID,USAGE_DATE") and len(lines) > 3 * 92


def test_the_quick_start_with_curl(terminal):
    """V3: each step, one after the other."""
    needed("curl")
    snippets = terminal.snippets("api_docs_quick_start")
    assert json.loads(terminal.shell(snippets["Check the key"]))["client"]["name"] == "CRM"
    request = snippets["agreement.json"]
    terminal.save("agreement.json", request)
    checked = json.loads(terminal.shell(snippets["Check the request"]))
    assert checked == json.loads(snippets["Response"]) and not Agreement.objects.exists() and not Email.objects.exists()

    terminal.save("agreement.json", request.replace('"dry_run": true', '"dry_run": false'))
    for _twice in range(2):
        (created,) = json.loads(terminal.shell(snippets["Create the agreement"]))["data"]
    assert created["status"] == "pending" and Agreement.objects.count() == 1
    reading = snippets["Read the agreement"].replace(NUMBER, created["number"])
    assert json.loads(terminal.shell(reading))["report"]["state"] == "none"

    accept()
    assert json.loads(terminal.shell(reading))["report"]["state"] == "ready"
    terminal.shell(f"NUMBER={created['number']}\n{snippets['Download the report']}")
    check_file(terminal.folder / "usage.csv")


@pytest.mark.parametrize("ending", ["py", "mjs"])
def test_the_quick_start_as_programs(terminal, ending):
    """V3: in Python and JavaScript."""
    driver = Path(playwright.__file__).parent / "driver" / "node"
    program = sys.executable if ending == "py" else needed("node", driver)
    for title, text in terminal.snippets("api_docs_quick_start").items():
        if title.endswith(f".{ending}"):
            terminal.save(title, text)
    checked, created = terminal.run(program, f"create.{ending}").splitlines()
    assert checked == "10999990000001101 used: 0 of 3"
    number, status = created.split()
    assert status == "pending" and Agreement.objects.get().number == number
    assert terminal.run(program, f"collect.{ending}", number) == "pending none\n"
    accept()
    assert terminal.run(program, f"collect.{ending}", number) == f"complete ready\nSaved {number}.csv\n"
    check_file(terminal.folder / f"{number}.csv")


@pytest.mark.parametrize("is_wrong", [False, True])
def test_the_quick_start_with_the_python_client(terminal, is_wrong):
    """V3: one program for all steps; it stops with a problem's code."""
    terminal.environment["PYTHONPATH"] = str(Path("clients/python").resolve())
    text = terminal.snippets("api_docs_quick_start")["request_report.py"]
    path = terminal.save("request_report.py", text.replace('"900001101"', '"1"') if is_wrong else text)
    program = subprocess.Popen(
        [sys.executable, path], cwd=terminal.folder, env=terminal.environment, stdout=-1, stderr=-1, text=True
    )
    end = time.monotonic() + PATIENCE
    while program.poll() is None and not Agreement.objects.exists() and time.monotonic() < end:
        time.sleep(0.1)
    number = "" if is_wrong else accept().number
    output, problem = program.communicate(timeout=PATIENCE)
    if is_wrong:
        assert program.returncode == 1 and problem.startswith("agreement-refused: Meter 1: ")
        return
    checked, created, report, saved = output.splitlines()
    assert (checked, created) == ("10999990000001101 used: 0 of 3", f"{number} pending")
    assert report.startswith("ready {'consumption': ") and saved == f"Saved {number}.csv"
    check_file(terminal.folder / f"{number}.csv")


def test_a_program_stops_with_the_code_of_a_problem(terminal):
    """V13: and with the Request-Id."""
    path = terminal.save("create.py", terminal.snippets("api_docs_quick_start")["create.py"].replace("900001101", "1"))
    stopped = subprocess.run(
        [sys.executable, path],
        cwd=terminal.folder,
        env=terminal.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == 1 and stopped.stderr.startswith("agreement-refused: Meter 1: ")
    assert "urn:uuid:" in stopped.stderr


def test_the_commands_of_the_guides(terminal):
    """V3: authentication, lists and downloads."""
    needed("curl")
    snippets = terminal.snippets("api_docs_guide", "authentication")
    assert json.loads(terminal.shell(snippets["Request"]))["environment"] == "test"
    assert json.loads(terminal.shell(snippets["Get a token"]))["scope"] == "agreements:read reports:read"
    assert json.loads(terminal.shell(snippets["Get a new key"]))["key"].startswith("smtp_test_")

    quick_start = terminal.snippets("api_docs_quick_start")
    terminal.run(sys.executable, terminal.save("create.py", quick_start["create.py"]))
    number = accept().number
    guide = terminal.snippets("api_docs_guide", "following-agreements")
    assert [each["number"] for each in json.loads(terminal.shell(guide["Ready reports"]))["data"]] == [number]
    assert terminal.run(sys.executable, terminal.save("list.py", guide["list.py"])) == f"{number} complete ready\n"
    asked = guide["Check whether it changed"].replace(NUMBER, number)
    assert json.loads(terminal.shell(asked))["timeline"]

    continued = terminal.snippets("api_docs_guide", "downloads")["Resume a download"].replace(NUMBER, number)
    terminal.shell(continued)
    path = terminal.folder / "usage.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    terminal.shell(continued)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", load_reference().operations)
def test_the_command_of_each_operation(terminal, name):
    """V3: its answer is one that the description names, and not that it cannot be read."""
    needed("curl")
    operation = load_reference().operations[name]
    status = terminal.shell(f"{operation.curl} \\\n --silent --output answer --write-out '%{{http_code}}'")
    assert status in operation.values["responses"] and status not in ("400", "401", "405", "415", "500"), status
