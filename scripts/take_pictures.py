"""Play the journey on a running portal and take the README's five pictures of it.

    make run                                          (in one terminal)
    .venv/bin/python scripts/take_pictures.py         (in another; needs `make test` once, for its browser)

The journey is a real one: it makes an agreement, so each run leaves one more in the demo.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo.people import PASSWORD  # noqa: E402 - the path above comes first
from smt_portal.environment import RUNNING_FILE  # noqa: E402
from tests.browser import ARGUMENTS, chromium  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = {"width": 1120, "height": 760}, {"width": 390, "height": 760}
CUSTOMER = {
    "first_name": "Rosa",
    "last_name": "Delgado",
    "street": "206 Boxwood Drive",
    "city": "Baytown",
    "zip_code": "77520",
    "email": "rosa.delgado@mail.example",
}


def picture(page: Page, name: str, *, full: bool = False) -> None:
    page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=full)
    print(f"docs/pictures/{name}.png")


def ask(page: Page, portal: str, esiid: str, meter: str) -> str:
    """Pictures 1 and 2: the form and its confirmation. The new agreement's number."""
    page.goto(f"{portal}/accounts/login/")
    page.fill("input[name=login]", "bluebonnet")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.goto(f"{portal}/agreements/new/")
    page.check("input[name=registered][value=no]")
    page.check("input[name=kind][value=residential]")
    for name, value in CUSTOMER.items():
        page.fill(f"input[name={name}]", value)
    page.fill("input[name=meters-0-esiid]", esiid)
    page.fill("input[name=meters-0-meter_number]", meter)
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
        for href in [link.get_attribute("href") for link in page.locator("main a[href*='/mailbox/']").all()][:6]:
            page.goto(portal + href if href.startswith("/") else f"{portal}/mailbox/{href}")
            link = re.search(r"http://[^\s\"<]+/invitation/[\w-]+/", page.content())
            if link and number in page.inner_text("body"):
                picture(page, "3-email")
                return link.group()
        time.sleep(0.5)
    raise SystemExit("The invitation did not arrive in the mailbox.")


def main() -> None:
    import json

    portal = json.loads(RUNNING_FILE.read_text())["PORTAL_ORIGIN"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport=WIDE)
        number = ask(page, portal, *_free_meter())
        link = decision_link(page, portal, number)
        phone = browser.new_page(viewport=PHONE)
        phone.goto(link)
        picture(phone, "4-decide")
        phone.click("button:has-text('Accept') >> nth=0")
        for _try in range(40):
            page.goto(f"{portal}/agreements/{number}/")
            if page.locator("a[href$='report.csv']").count():
                break
            time.sleep(0.5)
        picture(page, "5-report")
        browser.close()


def _free_meter() -> tuple[str, str]:
    """The first meter that `make run` offers for trying."""
    import subprocess

    shown = subprocess.run(
        [sys.executable, "manage.py", "load_demo", "--show-logins"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"(\d{22}|\d{17})\s+(\w+)", shown)
    assert found, "load_demo names no meter to try."
    return found.group(1), found.group(2)


if __name__ == "__main__":
    main()
