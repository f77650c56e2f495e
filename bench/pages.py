"""The cost of a page: SQL queries, and processor time against a page that only says hello."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.contrib.auth import get_user_model
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from agreements.models import Agreement
from agreements.states import ReportState
from bench.goals import Goal
from bench.rounds import run_in_turns
from demo import loader
from demo.people import BLUEBONNET, GRACE

AT_ONCE = 5  # requests of a page in one turn

BASELINES = ("hello", "anonymous hello")


def measure(rounds: int) -> list[Goal]:
    """Load the demo into the empty database and measure pages of it."""
    loader.load_demo(premises=60, days=60)
    with override_settings(ROOT_URLCONF="bench.hello"):
        return measure_pages(rounds)


def measure_pages(rounds: int) -> list[Goal]:
    application = get_wsgi_application()
    company, customer = _cookie(BLUEBONNET.administrator.username), _cookie(GRACE.profile.username)
    ready = Agreement.objects.filter(company__duns=BLUEBONNET.duns, report_state=ReportState.READY)
    done = ready.order_by("number")[0]
    hers = Agreement.objects.filter(customer__user__username=GRACE.profile.username).order_by("number")[0]
    pages = {
        "hello": ("/hello/", company),
        "anonymous hello": ("/hello/", ""),
        "Customer Agreements": (reverse("agreements"), company),
        "View agreement": (reverse("agreement", args=[done.number]), company),
        "the form of a new agreement": (reverse("agreement_new"), company),
        "3rd Party Agreements": (reverse("customer_agreements"), customer),
        "View & Edit": (reverse("customer_agreement", args=[hers.number]), customer),
    }

    def requests_of(path: str, cookie: str, times: int) -> Callable[[], None]:
        def request() -> None:
            for _time in range(times):
                request_page(application, path, cookie)

        return request

    # Hello is so fast that it is requested more often.
    often = {name: AT_ONCE * (20 if name in BASELINES else 1) for name in pages}
    tasks = {name: requests_of(*page, often[name]) for name, page in pages.items()}
    measured = run_in_turns(tasks, rounds=rounds * 3, cpu=True)
    goals = []
    for name, page in pages.items():
        if name in BASELINES:
            continue
        cost, cost_to_nobody = (measured.ratio(name, hello) * often[hello] / often[name] for hello in BASELINES)
        each, hello_each = (measured.best(page_name) / often[page_name] * 1e3 for page_name in (name, "hello"))
        detail = f"{each:.1f} ms against {hello_each:.2f} ms; {cost_to_nobody:.0f} x an anonymous hello"
        goals.append(Goal(f"SQL queries of {name}", 6, count_queries(requests_of(*page, 1)), unit="queries"))
        goals.append(Goal(f"processor time of {name} against a hello to the same person", 45, cost, detail=detail))
    return goals


def _cookie(username: str) -> str:
    client = Client()
    client.force_login(get_user_model().objects.get(username=username))
    return client.cookies["sessionid"].OutputString().split(";")[0]


def request_page(application: Any, path: str, cookie: str) -> None:
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_COOKIE": cookie, "HTTP_HOST": "127.0.0.1"}
    setup_testing_defaults(environ)
    environ["wsgi.input"] = io.BytesIO()
    statuses: list[str] = []

    def start(status: str, headers: Iterable[tuple[str, str]], *_more: object) -> None:
        statuses.append(status)

    response = application(environ, start)
    size = sum(map(len, response))
    response.close()
    if not statuses[0].startswith("200") or not size:
        raise SystemExit(f"{path} answered {statuses[0]}.")


def count_queries(request: Callable[[], None]) -> int:
    queries = []

    def count(execute: Any, *arguments: Any) -> Any:
        queries.append(arguments[0])
        return execute(*arguments)

    with connection.execute_wrapper(count):
        request()
    return len(queries)
