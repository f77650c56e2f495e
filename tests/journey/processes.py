"""The portal's real processes: gunicorn, Celery workers, beat and sweeper, on a database that the test reads too."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, connections

from lib.central_time import central_day, utc_or_now
from local.addresses import ROOT
from local.processes import Process, wait_until
from meters.models import Meter
from meters.usage.days import slots_on
from notifications.models import Email, EmailState
from tests.factories import MembershipFactory, MeterFactory, UsageDayFactory, UserFactory
from tests.notifications.conftest import address_of_the_test_database
from tests.support.database import end_other_sessions
from tests.support.decisions import answer_after_reading
from tests.support.redis_server import BreakableRedis
from tests.support.smtp_sink import SmtpSink

PASSWORD = "a long and private demo password"


@dataclass
class VisitedPage:
    """What a visitor got, after redirects, and how many seconds it took."""

    address: str
    text: str
    seconds: float


class Visitor:
    """A browser without JavaScript: cookies, forms with their CSRF token, redirects. An error page raises HTTPError."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookies = CookieJar()
        handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)]
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, address: str) -> VisitedPage:
        return self._open(address, None)

    def post(self, address: str, **fields: str) -> VisitedPage:
        tokens = [str(cookie.value) for cookie in self.cookies if cookie.name == "csrftoken"]
        return self._open(address, {"csrfmiddlewaretoken": "".join(tokens), **fields})

    def _open(self, address: str, fields: dict[str, str] | None) -> VisitedPage:
        address = address if address.startswith(self.origin) else self.origin + address
        begun = time.monotonic()
        with self._opener.open(
            address, urlencode(fields).encode() if fields is not None else None, timeout=60
        ) as answer:
            text = answer.read().decode()
            return VisitedPage(answer.url, text, time.monotonic() - begun)


class Program:
    """A command that a test may kill and start again."""

    def __init__(self, name: str, command: list[str], **options: Any) -> None:
        self.name, self.command, self.options = name, command, options
        self.process: Process | None = None

    def start(self) -> None:
        self.process = Process(self.name, self.command, **self.options)


class RunningPortal:
    """`web`, a worker per queue, `beat` and `sweep`, which may be killed and started again, and whom they rely on."""

    def __init__(self, folder: Path, redis: BreakableRedis, mail: SmtpSink) -> None:
        self.redis, self.mail = redis, mail
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._env = os.environ | {
            "DATABASE_URL": address_for("portal_worker"),
            "REDIS_URL": redis.url,
            "EMAIL_URL": mail.url,
            "PORTAL_ORIGIN": self.origin,
            "PYTHONUNBUFFERED": "1",
        }
        self._folder = folder
        fd = self._listener.fileno()
        gunicorn = ["gunicorn", "--config", "python:smt_portal.web_server", "smt_portal.wsgi:application"]
        celery = ["celery", "--app", "smt_portal"]
        web_env = self._env | {"DATABASE_URL": address_for("portal_web")}
        self.web = self._program("web", *gunicorn, "--bind", f"fd://{fd}", env=web_env, pass_fds=[fd])
        self.workers = [
            self._program(f"worker-{queue}", *celery, *options, "--loglevel", "INFO", "--queues", queue)
            for queue in ("mail", "reports", "imports,sweeps")
            for options in [("worker", "--concurrency", "1", "--hostname", f"{queue}@%h")]
        ]
        self.sweep = self._program("sweep", "manage", "sweep", "--loop")
        self.beat = self._program("beat", *celery, "beat", "--schedule", str(folder / "schedule"), "--pidfile", "")

    def start(self) -> None:
        """Start all at once, and wait until pages come and the workers take work."""
        for program in self.programs:
            program.start()
        wait_until(self._is_ready, processes=self.processes, seconds=60, what="The portal")

    def end(self) -> None:
        """End all at once: the test is over, and what they leave behind goes with their database."""
        for process in self.processes:
            process.kill()
        self._listener.close()

    def kill_workers(self) -> None:
        """With -9, their whole process groups; the sweeper too."""
        for program in (*self.workers, self.sweep):
            if program.process is not None:
                program.process.kill()

    def start_workers(self) -> None:
        for program in (*self.workers, self.sweep):
            program.start()

    @property
    def programs(self) -> list[Program]:
        return [self.web, *self.workers, self.beat, self.sweep]

    @property
    def processes(self) -> list[Process]:
        return [program.process for program in self.programs if program.process is not None]

    # --- what people do

    def third_party(self) -> Visitor:
        """A user of a third party, logged in."""
        user = UserFactory(
            password=make_password(PASSWORD, hasher="argon2")
        )  # the tests' own hasher is not the portal's
        MembershipFactory(user=user)
        visitor = Visitor(self.origin)
        visitor.get("/accounts/login/")
        page = visitor.post("/accounts/login/", login=user.username, password=PASSWORD)
        assert "Customer Agreements" in page.text
        return visitor

    @staticmethod
    def fill_in(visitor: Visitor) -> str:
        """Fill in page 1 for a meter with ten days of usage, and return the address of page 2."""
        meter = meter_with_usage()
        visitor.get("/agreements/new/")
        about = {"registered": "no", "kind": "residential", "report_type": "interval", "report_length": "12m"}
        person = {"first_name": "Rosa", "last_name": "Delgado", "email": "rosa@example.net", "language": "en"}
        address = {"street": "206 Boxwood Drive", "city": "Baytown", "state": "TX", "zip_code": "77520"}
        rows = {"meters-TOTAL_FORMS": "1", "meters-INITIAL_FORMS": "0"}
        row = {"meters-0-esiid": meter.premise.esiid, "meters-0-meter_number": meter.number}
        page = visitor.post("/agreements/new/", **about, **person, **address, **rows, **row)
        assert "Check and submit" in page.text
        return page.address

    @staticmethod
    def submit(visitor: Visitor, page_2: str) -> VisitedPage:
        contact = {
            "contact_name": "James Wilson",
            "contact_phone": "(512) 555-0101",
            "contact_email": "j@third.example",
        }
        page = visitor.post(page_2, **contact, comments="", attested="on")
        assert page.address.endswith("/submitted/"), page.text
        return page

    def invitation(self, visitor: Visitor) -> str:
        """Ask, and wait for the invitation; its link."""
        before = len(self.mail.deliveries)
        self.submit(visitor, self.fill_in(visitor))
        self.wait_until_sent(before + 1)
        return link_in(self.mail.deliveries[before].content)

    def wait_until_sent(self, count: int) -> None:
        """The mail server has `count` emails and the database knows it: whatever is broken now, they are through."""
        self.mail.wait_for(count, 20)
        sent = Email.objects.filter(state=EmailState.SENT)
        eventually(lambda: sent.count() == count, seconds=10, what=f"{count} emails recorded as sent")

    def accept(self, link: str) -> VisitedPage:
        """Open the link and press the button; the page that says so. The slower of the two answers gives the time."""
        customer = Visitor(self.origin)
        opened = customer.get(link)
        page = customer.post(link, **answer_after_reading(opened.text))
        assert "You accepted" in page.text
        return VisitedPage(page.address, page.text, max(opened.seconds, page.seconds))

    # --- how it is started

    def _program(
        self, name: str, *arguments: str, env: dict[str, str] | None = None, pass_fds: list[int] | None = None
    ) -> Program:
        command = [sys.executable, "-m", *arguments]
        log = self._folder / f"{name}.log"
        return Program(name, command, log=log, env=env or self._env, cwd=ROOT, pass_fds=pass_fds or [])

    def _is_ready(self) -> bool:
        try:
            Visitor(self.origin).get("/health/")
        except OSError:
            return False
        return all(worker.process and " ready." in worker.process.log.read_text() for worker in self.workers)


def address_for(role: str) -> str:
    """Return the address of the test's database, for `role` if it is on the tests' own PostgreSQL."""
    return address_of_the_test_database().replace("//postgres@/", f"//{role}@/", 1)


def meter_with_usage() -> Meter:
    meter: Meter = MeterFactory()
    yesterday = central_day(utc_or_now()) - timedelta(days=1)
    for day in (yesterday - timedelta(days=back) for back in range(10)):
        UsageDayFactory(premise=meter.premise, day=day, wh=[250] * slots_on(day))
    return meter


def link_in(content: bytes) -> str:
    text = content.replace(b"=\r\n", b"").decode()
    match = re.search(r"http://\S+/invitation/[\w-]+/", text)
    assert match, text
    return match.group()


def eventually(is_so: Callable[[], Any], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"Within {seconds} s not seen: {what}"
        time.sleep(0.05)


@pytest.fixture
def own_database(transactional_db: None) -> Iterator[None]:
    """A freshly migrated database that only this test and its processes use; the test's ORM is connected to it.

    It is a copy of the tests' database, which needs to have no connections meanwhile. Every statement is committed.
    """
    template = connection.settings_dict["NAME"]
    name = f"{template}_journey"
    connections.close_all()
    end_other_sessions(template)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = template
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def portal(
    own_database: None, redis_server: BreakableRedis, smtp_sink: SmtpSink, tmp_path: Path
) -> Iterator[RunningPortal]:
    """The portal's running processes, with a Redis and a mail server that the test may break."""
    portal = RunningPortal(tmp_path, redis_server, smtp_sink)
    try:
        portal.start()
        yield portal
    finally:
        portal.end()
        for process in portal.processes:  # shown beside a failure
            print(f"{process.name}:\n{process.log_end(30)}")
