"""Take pictures of the key pages of a running portal: the README's six, or all of them to look at.

    make run                                              (in one terminal)
    .venv/bin/python scripts/take_pictures.py             (in another; needs `make test` once, for its browser)
    .venv/bin/python scripts/take_pictures.py FOLDER      (every page below, at 390 and 1280 px, in its languages)

It only reads: take the README's pictures with a new demo (`make clean`), before its requests are answered.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import environ
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from local.addresses import RUNNING_FILE  # noqa: E402 - the path above comes first
from tests.support.browser import ARGUMENTS, chromium  # noqa: E402 - likewise

PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
LANGUAGE_SWITCH = ".lang:visible"
LINK = re.compile(r"http://[^\s\"<]+/invitation/[\w-]+/")


class KeyPage(NamedTuple):
    """A page: who is signed in, where to begin, and what to click there, one after the other.

    `path` may name a recipient instead: the link of the request in the newest email to that address.
    """

    name: str
    user: str
    path: str
    clicks: tuple[str, ...] = ()


README = (
    (KeyPage("1-decision", "", "chidi.okafor@example.com"), PHONE),
    (KeyPage("2-customer", "grace", "/"), PHONE),
    (KeyPage("3-dashboard", "bluebonnet", "/"), WIDE),
    (KeyPage("4-report", "bluebonnet", "/agreements/?by=name&items=Whitfield", ("tbody th a",)), WIDE),
    (KeyPage("5-staff", "operator", "/"), WIDE),
    (KeyPage("6-review", "operator", "/", ("section[aria-labelledby=reviews] td a",)), WIDE),
)
AGREEMENT = "/agreements/?by=name&items="
API_CLIENT = ("tbody th a",)
API_WEBHOOK = (*API_CLIENT, 'a[href*="/webhooks/"]:not([href$="/new/"])')
OTHERS = (
    KeyPage("home", "", "/"),
    KeyPage("sign-in", "", "/accounts/login/"),
    KeyPage("register", "", "/register/"),
    KeyPage("register-residential", "", "/register/customer/residential/"),
    KeyPage("register-business", "", "/register/customer/business/"),
    KeyPage("register-company", "", "/third-party/register/"),
    KeyPage("join-company", "", "/third-party/join/"),
    KeyPage("help", "", "/help/"),
    KeyPage("help-faq", "", "/help/faq/"),
    KeyPage("help-security", "", "/help/security-and-privacy/"),
    KeyPage("help-meter", "", "/help/smart-meter/"),
    KeyPage("help-glossary", "", "/help/glossary/"),
    KeyPage("help-account", "", "/help/account/"),
    KeyPage("check", "", "/check/"),
    KeyPage("api-docs", "", "/api/docs/"),
    KeyPage("api-docs-quick-start", "", "/api/docs/quick-start/"),
    KeyPage("api-docs-guide", "", "/api/docs/", ('a[href^="/api/docs/guides/"]',)),
    KeyPage("api-docs-reference", "", "/api/docs/reference/"),
    KeyPage("api-docs-operation", "", "/api/docs/reference/createAgreements/"),
    KeyPage("api-docs-errors", "", "/api/docs/errors/"),
    KeyPage("not-found", "", "/there/is/no/such/page/"),
    KeyPage("decision-three-meters", "", "thomas@hill-country-bakery.example"),
    KeyPage("decision-unknown-link", "", "/invitation/unknown/"),
    KeyPage("customer-four-meters", "bakery", "/"),
    KeyPage("customer-requests", "bakery", "/my/agreements/"),
    KeyPage("customer-request-open", "maria", "/my/agreements/", ("tbody th a",)),
    KeyPage("customer-request-accepted", "grace", "/my/agreements/", ("tbody th a",)),
    KeyPage("customer-shared-data", "grace", "/my/shared-data/"),
    KeyPage("customer-meters", "linh", "/my/meters/"),
    KeyPage("customer-usage", "grace", "/my/usage/"),
    KeyPage("customer-profile", "grace", "/my/profile/"),
    KeyPage("customer-sessions", "grace", "/accounts/sessions/"),
    KeyPage("third-party-list", "bluebonnet", "/agreements/"),
    KeyPage("third-party-form", "bluebonnet", "/agreements/new/"),
    KeyPage("third-party-waiting", "bluebonnet", f"{AGREEMENT}Okafor", ("tbody th a",)),
    KeyPage("third-party-correct", "bluebonnet", f"{AGREEMENT}Okafor", ("tbody th a", "text=Correct Email")),
    KeyPage("third-party-refused", "bluebonnet", f"{AGREEMENT}Ahlgren", ("tbody th a",)),
    KeyPage("third-party-company", "bluebonnet", "/third-party/company/"),
    KeyPage("third-party-users", "bluebonnet", "/third-party/users/"),
    KeyPage("third-party-user", "bluebonnet", "/third-party/users/", ("main tbody a",)),
    KeyPage("third-party-emails", "bluebonnet", "/third-party/my-profile/emails/"),
    KeyPage("third-party-bulk", "bluebonnet", "/agreements/bulk/"),
    KeyPage("third-party-bulk-file", "bluebonnet", "/agreements/bulk/", ("section[aria-labelledby=files-title] a",)),
    KeyPage("api-clients", "bluebonnet", "/third-party/api/"),
    KeyPage("api-client", "bluebonnet", "/third-party/api/", API_CLIENT),
    KeyPage("api-client-new", "bluebonnet", "/third-party/api/new/"),
    KeyPage("api-key-new", "bluebonnet", "/third-party/api/", (*API_CLIENT, "text=Create a new key")),
    KeyPage("api-attestation", "bluebonnet", "/third-party/api/", (*API_CLIENT, "text=Turn on the attestation")),
    KeyPage("api-webhook", "bluebonnet", "/third-party/api/", API_WEBHOOK),
    KeyPage("api-webhook-new", "bluebonnet", "/third-party/api/", (*API_CLIENT, "text=Add a webhook endpoint")),
    KeyPage("api-delivery", "bluebonnet", "/third-party/api/", (*API_WEBHOOK, "tbody th a")),
    KeyPage("api-sandbox", "bluebonnet", "/third-party/api/sandbox/"),
    KeyPage("third-party-approval", "bluebonnet", "/third-party/approvals/", ("tbody a",)),
    KeyPage("staff-company", "operator", "/", ("main >> text=Check",)),
    KeyPage("staff-load", "operator", "/", ("text=Load data",)),
    KeyPage("staff-agreements", "operator", "/admin/agreements/agreement/"),
    KeyPage("staff-bulk-files", "operator", "/admin/agreements/bulkinvitation/"),
    KeyPage("staff-api-clients", "operator", "/admin/api/apiclient/"),
    KeyPage("staff-access-log", "operator", "/admin/accounts/access/"),
)


class Portal(NamedTuple):
    """A running portal with the demo, whose users all have one password."""

    origin: str
    password: str
    browser: Browser

    def sign_in(self, user: str) -> Page:
        """Return a page of a new browser in which `user` is signed in, if any."""
        page = self.browser.new_context(locale="en-US").new_page()
        if user:
            page.goto(f"{self.origin}/accounts/login/")
            page.fill("input[name=login]", user)
            page.fill("input[name=password]", self.password)
            page.click("main form button[type=submit]")
            page.wait_for_load_state()
        return page

    def open_page(self, page: Page, key_page: KeyPage) -> None:
        path = key_page.path
        page.goto(self.origin + path if path.startswith("/") else self.link_in_email(page, to=path))
        for selector in key_page.clicks:
            with page.expect_navigation():
                page.locator(selector).first.click()

    def link_in_email(self, page: Page, *, to: str) -> str:
        """Return the link of the request in the newest email to this address."""
        page.goto(f"{self.origin}/mailbox/?to={to}")
        for link in [row.get_attribute("href") for row in page.locator("main .rows a").all()]:
            page.goto(f"{self.origin}{link}")
            if found := LINK.search(page.content()):
                return found.group()
        raise SystemExit(f"No request to {to} is in the mailbox.")


def main() -> None:
    environ.Env.read_env(RUNNING_FILE)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        portal = Portal(os.environ["PORTAL_ORIGIN"], demo_password(), browser)
        if folder == PICTURES:
            for key_page, size in README:
                page = portal.sign_in(key_page.user)
                page.set_viewport_size(size)
                portal.open_page(page, key_page)
                take_picture(page, folder / f"{key_page.name}.png", full_page=False)
        else:
            for key_page in [*(one for one, _size in README), *OTHERS]:
                page = portal.sign_in(key_page.user)
                portal.open_page(page, key_page)
                # Twice, and so back to the language that the account had.
                for _language in range(2 if page.locator(LANGUAGE_SWITCH).count() else 1):
                    language = page.locator("html").get_attribute("lang")
                    for size in (PHONE, WIDE):
                        page.set_viewport_size(size)
                        take_picture(page, folder / f"{key_page.name}-{size['width']}-{language}.png", full_page=True)
                    if page.locator(LANGUAGE_SWITCH).count():
                        with page.expect_navigation():
                            page.locator(LANGUAGE_SWITCH).first.click()
        browser.close()


def take_picture(page: Page, path: Path, *, full_page: bool) -> None:
    page.screenshot(path=str(path), full_page=full_page)
    print(path)


def demo_password() -> str:
    command = [sys.executable, "manage.py", "load_demo", "--show-logins"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    password = re.search(r"password: (\S+)", output)
    assert password, "load_demo --show-logins names no password."
    return password[1]


if __name__ == "__main__":
    main()
