"""A third party, a TDSP's staff and an operator look everywhere while invitations are open (issue 3, X4, X5, T12, D1).

Every address that has a name, every link that a page has, every download, error page and log line.
"""

from __future__ import annotations

import inspect
import io
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from agreements import actions, creation
from agreements.models import Agreement
from agreements.request import Person
from agreements.states import Channel, Status
from companies.models import CompanyLinkKind, Membership
from customers.models import EsiidClaim
from meters.models import FlowDirection
from meters.usage.interval_csv import HEADER, render_day
from notices.models import Notice
from smt_portal import logs
from smt_portal.celery import app
from tests.admin.world import Side, World
from tests.factories import AgreementFactory, CompanyLinkFactory, MeterFactory, ReportFactory, ReportFileFactory
from tests.support.agreements import ROSA, agreement_request, initiate
from tests.support.api import make_delivery, make_program
from tests.support.bulk import bulk_row, upload
from tests.support.crawler import crawl
from tests.test_access import ROWS

pytestmark = [pytest.mark.walk, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(400)]  # some hundred pages

# Rows of the table of addresses that need a link which only its reader has.
BY_LINK = {"token", "mailbox_token", "claim_token", "registration_token", "invited_token", "request_token"}


def fill(side: Side, name: str) -> dict[str, Any]:
    """Beside the side's own world: an unregistered customer's open invitation, a report, and people on their way in.

    Returns what may stand in an address of this side.
    """
    member = side.pending.submission.initiated_by
    company = member.membership.company
    Membership.objects.filter(user=member).update(is_administrator=True)
    person = Person(
        **{**ROSA.__dict__, "email": f"rosa@{name}.example", "last_name": f"{name}ga", "street": f"3 {name}"}
    )
    (unregistered,) = initiate(member, MeterFactory(premise__tdsp=side.tdsp), person=person)
    actions.resend(unregistered, by=member)
    done = AgreementFactory(
        company=company, status=Status.COMPLETE, premise=side.premise, last_name=f"{name}bone",
        contact_name=f"{name} Contact", email=f"done@{name}.example",
    )  # fmt: skip
    day = render_day(
        side.premise.esiid, date(2026, 6, 1), done.initiated_at, FlowDirection.CONSUMPTION, [250] * 96, None
    )
    ReportFileFactory(report=ReportFactory(agreement=done), content=HEADER + day)
    held = AgreementFactory(
        company=company, premise=side.premise, report_length="1d", last_name=f"{name}heim", email=member.email
    )
    actions.accept(held, channel=Channel.INVITATION)
    draft = creation.start_draft(agreement_request(MeterFactory(), person=person), by=member)
    side.words += [unregistered.number, done.number, held.number, str(draft.pk)]
    kind = CompanyLinkKind
    program = make_program(administrator=Membership.objects.get(user=member), name=f"{name} CRM")
    delivery = make_delivery(program)
    side.words.append(program.client.name)
    return {
        "api_client": program.client.pk,
        "api_key": program.key.pk,
        "api_webhook": delivery.endpoint_id,
        "api_delivery": delivery.pk,
        "problem": "not-found",
        "guide": "creating-agreements",
        "operation": "createAgreements",
        "schema": "AgreementAnswer",
        "rest": "nothing",
        "interface": "commonapi",
        "number": side.pending.number,
        "draft": draft.pk,
        "bulk": upload(member, [bulk_row()]).pk,
        "submitted": side.pending.submission.draft_id,
        "notice": side.records["notices.notice"].pk,
        "claim": EsiidClaim.objects.get(premise=side.premise).pk,
        "membership": member.membership.pk,
        "invited": CompanyLinkFactory(company=company, email=f"new@{name}.example").pk,
        "request": CompanyLinkFactory(company=company, kind=kind.JOIN_REQUEST, email=f"asks@{name}.example").pk,
        "kind": "residential",
        "number_one": 1,
        "file_name": "usage.json",
        "uidb36": "1",
        "key": "no-such-key",
        "reset_key": "no-such-key",
        "numbers": [unregistered.number, done.number, held.number],
    }


def addresses(found: dict[str, Any]) -> list[str]:
    """Return every address of the table of roles that needs no personal link."""
    named = [(name, row.args) for name, row in ROWS.items() if not BY_LINK & set(row.args) and "logout" not in name]
    some = [reverse(name, args=[found[argument] for argument in arguments]) for name, arguments in named]
    by_number = [name for name, arguments in named if arguments == ("number",)]
    return some + [reverse(name, args=[number]) for name in by_number for number in found["numbers"]]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the portal's one handler writes of everything that is logged."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.PrivateDataFilter())
    handler.setFormatter(logs.build_formatter(json=True))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def role_of(world: World, role: str) -> User:
    member = world.own.pending.submission.initiated_by
    return {"third party": member, "TDSP": world.own.staff, "operator": world.operator}[role]


@pytest.mark.parametrize("role", ["third party", "TDSP", "operator"])
def test_no_crawl_finds_a_decision_link_or_records_of_others(world: World, log: io.StringIO, role: str):
    """X4, X5, T6, T12, D1."""
    own, other = fill(world.own, "Ocelot"), fill(world.other, "Quetzal")
    Notice.objects.filter(pk=other["notice"]).delete()  # a TDSP's notices are for everybody
    secrets = world.secrets
    assert len(secrets) > 30
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(pk=role_of(world, role).pk))

    # Staff's own pages, every link of them, are looked at in tests/admin.
    pages = crawl(client, "/", "/admin/", *addresses(own), never="/admin/")
    strange = {address: client.get(address) for address in addresses(other) if address not in pages}
    for address, answer in strange.items():
        pages[address] = answer.status_code, f"{dict(answer.items())} {b''.join(answer).decode(errors='replace')}"
        own_or_public = role == "operator" or answer.status_code in (302, 403, 404, 405)
        assert own_or_public, f"{address}: {answer.status_code}"
    for method in ("post", "put", "delete"):  # error pages name nothing either
        for address in addresses(own)[:20]:
            answer = getattr(client, method)(f"{address}?{method}")
            pages[f"{method} {address}"] = answer.status_code, b"".join(answer).decode(errors="replace")

    assert {status for status, _text in pages.values()} <= {200, 301, 302, 400, 403, 404, 405, 409}
    if role == "third party":
        # the crawl went where it matters: each kind of agreement, and the file itself
        assert all(reverse("agreement", args=[number]) in pages for number in own["numbers"])
        status, text = pages[reverse("report_download", args=[own["numbers"][1]])]
        assert status == 200 and world.own.premise.esiid in text
    words = {
        # T6: third parties see registered customers masked
        "third party": [*world.other.words, "Ocelotson", "NinaOcelot", "1 Ocelot Road"],
        "TDSP": world.other.words,
        "operator": [],
    }[role]
    for address, (_status, text) in pages.items():
        assert not [secret for secret in secrets if secret in text], address
        assert not [word for word in words if word in text and word not in address], address
    lines = log.getvalue()
    assert lines
    private = [*secrets, world.own.premise.esiid, world.other.premise.esiid, "@Ocelot", "@Quetzal", "Ocelotson"]
    assert not [word for word in private if word in lines]


@pytest.mark.control
def test_control_the_crawl_reaches_the_pages(world: World):
    """The other company's user finds all of these words on the same pages."""
    found = fill(world.other, "Quetzal")
    client = Client()
    client.force_login(User.objects.get(pk=world.other.pending.submission.initiated_by_id))
    everything = " ".join(text for _status, text in crawl(client, "/", *addresses(found)).values())
    assert all(word in everything for word in found["numbers"] + [world.other.pending.number, "Quetzal Savings"])


@pytest.mark.control
def test_control_the_crawl_sees_a_link_that_a_page_shows(world: World, monkeypatch: pytest.MonkeyPatch):
    fill(world.own, "Ocelot")
    monkeypatch.setattr(Agreement, "customer_name", property(lambda agreement: agreement.submission.link_hash))
    client = Client()
    client.force_login(world.operator)
    everything = " ".join(text for _status, text in crawl(client, "/admin/", under="/admin/agreements/").values())
    assert [secret for secret in world.secrets if secret in everything]


def test_tasks_carry_no_personal_data():
    """X4, X5: arguments without personal data keep it out of queues, results and logs."""
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert len(ours) > 10
    assert not {name for name, task in ours.items() if inspect.signature(task.run).parameters}
