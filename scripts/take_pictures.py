"""Play the journey on a running portal and take the README's five pictures of it.

    make run                                          (in one terminal)
    .venv/bin/python scripts/take_pictures.py         (in another; needs `make test` once, for its browser)

The journey is a real one: it makes an agreement, so each run leaves one more in the demo.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import environ
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.addresses import RUNNING_FILE  # noqa: E402 - the path above comes first
from tests.support.browser import ARGUMENTS, chromium  # noqa: E402 - likewise

PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = ViewportSize(width=1120, height=900), ViewportSize(width=390, height=1000)
CUSTOMER = {
    "first_name": "Rosa",
    "last_name": "Delgado",
    "street": "206 Boxwood Drive",
    "city": "Baytown",
    "zip_code": "77520",
    "email": "rosa.delgado@mail.example",
}


class Demo(NamedTuple):
    """What `make run` prints for a newcomer: everybody's password, and a meter to ask about."""

    password: str
    esiid: str
    meter_number: str


def picture(page: Page, name: str, *, top: str = "body") -> None:
    """What one sees with `top` at the window's upper edge."""
    page.locator(top).first.evaluate("found => found.scrollIntoView({block: 'start', behavior: 'instant'})")
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    print(f"docs/pictures/{name}.png")


def ask(page: Page, portal: str, demo: Demo) -> str:
    """Pictures 1 and 2: the form and its confirmation. The new agreement's number."""
    page.goto(f"{portal}/accounts/login/")
    page.fill("input[name=login]", "bluebonnet")
    page.fill("input[name=password]", demo.password)
    page.click("main form button[type=submit]")
    page.goto(f"{portal}/agreements/new/")
    page.check("input[name=registered][value=no]")
    page.check("input[name=kind][value=residential]")
    for name, value in CUSTOMER.items():
        page.fill(f"input[name={name}]", value)
    page.fill("input[name=meters-0-esiid]", demo.esiid)
    page.fill("input[name=meters-0-meter_number]", demo.meter_number)
    page.check("input[name=report_type][value=interval]")
    page.check("input[name=report_length][value='12m']")
    picture(page, "1-ask")
    page.click(".actions button:has-text('Continue')")
    page.check("input[name=attested]")
    page.click(".actions button:has-text('Submit')")
    picture(page, "2-submitted")
    found = re.search(r"\b\d{12}\b", page.locator("main").inner_text())
    assert found, f"No agreement was made: {page.locator('main').inner_text()[:500]}"
    return found.group()


def decision_link(page: Page, portal: str, number: str) -> str:
    """Picture 3 is the email; its link comes back."""
    for _try in range(40):
        page.goto(f"{portal}/mailbox/")
        hrefs = [link.get_attribute("href") or "" for link in page.locator("main a[href*='/mailbox/']").all()]
        for href in hrefs[:6]:
            page.goto(urljoin(f"{portal}/mailbox/", href))
            link = re.search(r"http://[^\s\"<]+/invitation/[\w-]+/", page.content())
            if link and number in page.inner_text("body"):
                picture(page, "3-email", top="main h2")
                return link.group()
        time.sleep(0.5)
    raise SystemExit("The invitation did not arrive in the mailbox.")


def main() -> None:
    environ.Env.read_env(RUNNING_FILE)
    portal = os.environ["PORTAL_ORIGIN"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport=WIDE)
        number = ask(page, portal, _demo())
        link = decision_link(page, portal, number)
        phone = browser.new_page(viewport=PHONE)
        phone.goto(link)
        picture(phone, "4-decide")
        time.sleep(2.5)  # nobody answers faster: the report would be held for review
        phone.click("button:has-text('Accept') >> nth=0")
        for _try in range(40):
            page.goto(f"{portal}/agreements/{number}/")
            if page.locator("a[href$='report.csv']").count():
                break
            time.sleep(0.5)
        picture(page, "5-report", top="h2:has-text('Report')")
        browser.close()


def _demo() -> Demo:
    output = subprocess.run(
        [sys.executable, "manage.py", "load_demo", "--show-logins"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    password, meter = re.search(r"password: (\S+)", output), re.search(r"(\d{22}|\d{17})\s+(\w+)", output)
    assert password and meter, "load_demo --show-logins names no password, or no meter to try."
    return Demo(password[1], meter[1], meter[2])


if __name__ == "__main__":
    main()
