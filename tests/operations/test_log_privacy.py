"""Every log of the running portal after a journey with faults: nothing private is in any of them (X4, X5, O2).

The web server, the workers and beat run with production's settings and with the commands of docker-compose.yml.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from django.db import IntegrityError, connection
from django.urls import reverse

from agreements.models import Agreement
from lib import link_tokens
from local.processes import Process
from notifications.models import Email
from reports.models import Report
from scripts.check_production import PRODUCTION
from tests.factories import MembershipFactory, UserFactory
from tests.journey.processes import address_for, eventually, meter_with_usage
from tests.operations.client import HOST
from tests.operations.conftest import BuiltImage, WebServer
from tests.support.agreements import agreement_request, submit_draft
from tests.support.decisions import answer_after_reading
from tests.support.log_watch import PLANTED
from tests.support.redis_server import BreakableRedis
from tests.support.registration import PASSWORD, typed
from tests.support.smtp_sink import SmtpSink
from tests.support.source_files import ROOT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.fault,
    pytest.mark.timeout(300),
]

# Words that occur nowhere else, whatever other tests log at the same time.
FIRST, LAST, STREET, USER_ID = "Wilhelmina", "Qwxyprivate", "77 Zzyzxlane", "wqwxy530454"
EMAIL = "wilhelmina.qwxy@mail.zzyzx.example"


class RunningProduction:
    """Everything that compose starts from our image."""

    def __init__(self, built: BuiltImage, folder: Path, redis: BreakableRedis, mail: SmtpSink) -> None:
        self.folder, self.mail = folder, mail
        self.begun = len(read_database_log())
        servers = {"REDIS_URL": redis.url, "EMAIL_URL": mail.url}
        # A short patience of gunicorn's master, whose message about a hanging worker is tested.
        self.web = WebServer(built, folder, **servers, GUNICORN_CMD_ARGS="--timeout 4")
        environment = self.web.environment | {"DATABASE_URL": address_for("portal_worker")}
        self.others = []
        for name, service in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].items():
            command = shlex.split(str(service.get("command", "")))
            command = [part.replace("/tmp/", f"{folder}/") for part in command]
            if command[:1] == ["celery"] or "sweep" in command:
                command = [sys.executable, *(["-m", *command] if command[0] == "celery" else command[1:])]
                self.others.append(
                    Process(name, command, log=folder / f"{name}.log", env=environment, cwd=built.folder)
                )
        self.web.wait()

    def logs(self) -> dict[str, str]:
        """What each process has logged, and PostgreSQL."""
        logs = {process.name: process.log.read_text() for process in [self.web.process, *self.others]}
        return logs | {"postgres": read_database_log()[self.begun :]}

    def end(self) -> None:
        for process in self.others:
            process.kill()
        self.web.end()


def read_database_log() -> str:
    """What the tests' own PostgreSQL has logged until now."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        return Path(cursor.fetchone()[0]).with_name("postgres.log").read_text(errors="replace")


@pytest.fixture
def production(
    own_database: None,
    built_image: BuiltImage,
    tmp_path: Path,
    redis_server: BreakableRedis,
    smtp_sink: SmtpSink,
    settings,
) -> Iterator[RunningProduction]:
    for name in ("SECRET_KEY", "DECISION_LINK_KEY", "MFA_KEY"):
        setattr(settings, name, PRODUCTION[name])
    settings.PORTAL_ORIGIN = PRODUCTION["PORTAL_ORIGIN"]
    running = RunningProduction(built_image, tmp_path, redis_server, smtp_sink)
    try:
        yield running
    finally:
        running.end()
        for process in running.others:
            print(f"{process.name}:\n{process.log_end(15)}")


def invite() -> Agreement:
    """An agreement with the private person, about a meter with usage."""
    member = MembershipFactory().user
    from agreements import creation
    from agreements.request import Person

    person = Person(
        email=EMAIL, first_name=FIRST, last_name=LAST, street=STREET, city="Baytown", state="TX", zip_code="77520",
        phone="+15125550102",
    )  # fmt: skip
    request = agreement_request(meter_with_usage(), person=person)
    (agreement,) = submit_draft(creation.start_draft(request, by=member), by=member)
    return agreement


def leaks(logs: dict[str, str], private: dict[str, str]) -> list[str]:
    """What of `private` is in which log."""
    return [f"{what} in {name}" for name, text in logs.items() for what, value in private.items() if value in text]


def break_inserts(table: str, operation: str = "INSERT") -> None:
    """Let every insert fail with an error that quotes the row."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'refused: %', NEW USING DETAIL = NEW::text; END $$"
        )
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER refuse BEFORE {operation} ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION refuse_{table}()"
        )


def mend_inserts(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER refuse ON {table}")


def test_a_journey_with_faults_leaves_nothing_private_in_any_log(production: RunningProduction):
    """X4, X5, O2."""
    agreement = invite()
    token = link_tokens.derive_token(bytes(agreement.submission.link_nonce))
    link = reverse("invitation", args=[token])
    production.mail.wait_for(1, 60)
    assert token in production.mail.messages[0].get_body(("plain",)).get_content().replace("=\n", "")

    browser = production.web.browser()
    pages = [
        browser.get(f"{link}?lang=es&note={LAST}"),
        browser.post(link, decision="nonsense"),
        browser.get(f"{link}nowhere/"),
        browser.get(f"/search/?q={LAST}"),
        browser.post("/accounts/login/", login=EMAIL, password=PASSWORD),
        browser.get(f"/accounts/password/reset/key/1-{token}/"),
    ]
    assert all(page.status < 500 for page in pages)
    send_broken_request(production.web.port, token)

    # A database error that quotes the row, in a request and in a worker.
    break_inserts("agreements_letter")
    decision = answer_after_reading(browser.get(link).text)
    failed = browser.post(link, **decision)
    assert failed.status == 500 and failed.headers["X-Request-ID"] in production.web.log
    mend_inserts("agreements_letter")
    break_inserts("reports_report")
    assert browser.post(link, **decision).status in (200, 302)
    eventually(
        lambda: any("refused" in log or "P0001" in log for log in worker_logs(production)),
        seconds=40,
        what="a failed task",
    )
    mend_inserts("reports_report")
    production.mail.rcpt_reply = f"550 5.1.1 <{EMAIL}> {FIRST} {LAST} is unknown here, see {link}"
    eventually(lambda: Report.objects.filter(agreement__report_state="ready").exists(), seconds=60, what="the report")

    # Two people confirm the same user ID.
    production.mail.rcpt_reply = ""
    register_twice(production)

    hang_a_worker(production, link)
    logs = production.logs()
    private = {
        "token": token, "first name": FIRST, "last name": LAST, "street": STREET, "user ID": USER_ID,
        "email": EMAIL, "domain": "zzyzx", "phone": "5125550102", "ESIID": agreement.esiid[:-7],
        "password": PASSWORD, "password hash": "argon2$", "host": "X-Secret-Header",
    }  # fmt: skip
    found = leaks(logs, private)
    context = [line for line in logs["postgres"].splitlines() if FIRST in line]
    assert found == [], context
    assert "WORKER TIMEOUT" in logs["web"]
    assert_lines_are_json(logs)


def register_twice(production: RunningProduction) -> None:
    """Both have the same user ID; the second confirmation is refused."""
    links, form_address = [], reverse("register_as", args=["residential"])
    for number in (1, 2):
        meter, address = meter_with_usage(), f"wilhelmina.qwxy{number}@mail.zzyzx.example"
        browser = production.web.browser()
        browser.get(form_address)
        changes: dict[str, Any] = {"first_name": FIRST, "last_name": LAST, "username": USER_ID}
        form = typed(meter, **changes, email=address, email_again=address)
        page = browser.post(form_address, **{name: str(value) for name, value in form.items()})
        assert page.status == 302, page.text
        email = Email.objects.filter(kind="REGISTRATION", to_address=address).latest("pk")
        token = link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose)
        links.append((browser, reverse("register_confirm", args=[token])))
    outcomes = []
    for browser, link in links:
        browser.get(link)
        outcomes.append(browser.post(link))
    assert outcomes[0].status < 400 <= outcomes[1].status < 500


def send_broken_request(port: int, token: str) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(f"GET /invitation/{token}/ BROKEN\r\nHost: {HOST}\r\nX-Secret-Header {FIRST}\r\n\r\n".encode())
        assert client.recv(100)


def hang_a_worker(production: RunningProduction, link: str) -> None:
    """gunicorn's master kills a process that shows no sign of life, in the middle of a request."""
    workers = psutil.Process(production.web.process.popen.pid).children()
    for child in workers:
        os.kill(child.pid, signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", production.web.port), timeout=30) as client:
        client.sendall(f"GET {link}?name={LAST} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        eventually(lambda: "WORKER TIMEOUT" in production.web.log, seconds=20, what="gunicorn's timeout")
        time.sleep(1)
        for child in workers:
            if child.is_running():
                child.send_signal(signal.SIGCONT)
    production.web.wait()


def worker_logs(production: RunningProduction) -> list[str]:
    return [process.log.read_text() for process in production.others]


def assert_lines_are_json(logs: dict[str, str]) -> None:
    """O2: each event is one line; a traceback is in the line of its event."""
    for name, text in logs.items():
        if name != "postgres":
            events = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
            assert events or not name.startswith(("web", "worker-mail")), name
            assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
            assert not re.search(r"^Traceback|^  File ", text, re.MULTILINE), name
    errors = [json.loads(line) for line in logs["web"].splitlines() if '"error": "Traceback' in line]
    assert errors and all(event["request_id"] for event in errors if event["logger"] == "django.request")


@pytest.mark.control
def test_the_search_finds_what_a_talkative_database_logs(own_database):
    """X4: the control of the test above; with PostgreSQL's defaults a refused row is in its log, name and all."""
    user = UserFactory(first_name=PLANTED, username="control")
    with connection.cursor() as cursor:
        before = len(read_database_log())

        def logged() -> str:
            return read_database_log()[before:]

        with pytest.raises(IntegrityError):
            cursor.execute("INSERT INTO accounts_user SELECT * FROM accounts_user WHERE id = %s", [user.pk])
        time.sleep(0.3)
        assert "INSERT INTO accounts_user" not in logged()
        cursor.execute("SET log_min_error_statement = 'error'; SET log_error_verbosity = 'default'")
        statement = f"UPDATE accounts_user SET id = NULL, first_name = '{PLANTED}' WHERE id = {user.pk}"
        with pytest.raises(IntegrityError):
            cursor.execute(statement)
        eventually(
            lambda: leaks({"postgres": logged()}, {"first name": PLANTED}), seconds=5, what="the name in the log"
        )
