"""Chromium for tests marked `browser`: the system's own, told to stay off the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page, expect

# The first one draws no windows, only pages, and takes half the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]
MISSING = "The browser tests did not run:"
# A machine with other work is slow, not wrong: only what never comes is. Below pytest's limit for one test.
LONGEST_WAIT = 30_000


def chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@cache
def what_is_missing() -> str:
    """What keeps the browser tests from running on this machine, and its remedy; "" if nothing does."""
    if not chromium():
        return f"{MISSING} there is no Chromium on this machine. Install it: apt install chromium"
    tried = subprocess.run(
        [sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"{MISSING} Playwright's driver does not start ({tried.stderr.strip()}). Try: apt install libatomic1"
    return ""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=LONGEST_WAIT)
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """For `page`, `context` and `new_context`: no color and no scrolling is on its way when a test looks."""
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Tests name full addresses (`live_server.url`). Replaces the plugin's, which warns under pytest 9."""


def click_through(page: Page, selector: str) -> None:
    """Click what leads to another page, and wait until that page stands with all that belongs to it."""
    with page.expect_navigation():
        page.click(selector)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Begin what takes longest before the others: no worker ends late. A module is one worker's (`--dist loadfile`)."""
    yield  # until others have sorted them, too
    items.sort(key=_seconds_allowed, reverse=True)


def _seconds_allowed(item: pytest.Item) -> tuple[float, bool, bool]:
    """The time limit of `item`, if it has one of its own; then whether it needs a browser, or takes seconds."""
    limit, browser, slow = map(item.get_closest_marker, ("timeout", "browser", "slow"))
    return limit.args[0] if limit else 0, bool(browser), bool(slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and (reason := what_is_missing()):
        if os.environ.get("CI") == "true":  # where everything is installed, a skipped test would be a lie
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(MISSING in str(report.longrepr) for report in skipped):
        terminalreporter.write_sep("!", "BROWSER TESTS SKIPPED", red=True, bold=True)
        terminalreporter.write_line(what_is_missing(), red=True, bold=True)
