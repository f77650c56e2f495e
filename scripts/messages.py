"""The catalogue of Spanish (C6), without gettext's own programs: `make messages`.

Reads every sentence that a customer may see, from Python and templates, brings locale/es/LC_MESSAGES/django.po up to
date and compiles it to the .mo beside it, which is committed: the portal runs from a bare checkout. Then names what
waits for a translation. A sentence that changed is a new one: nothing is guessed from the old.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "smt_portal",
    "api",
    "usage_pages",
    "reports",
    "agreements",
    "notices",
    "customers",
    "companies",
    "accounts",
    "meters",
    "notifications",
    "lib",
    "templates",
)
PO = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
KEYWORDS = DEFAULT_KEYWORDS | {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext")}

# Whatever is not named here is taken for something that customers see. These are in English for companies and staff.
ENGLISH_ONLY = (
    # the third party's pages and the words of their forms and refusals
    "templates/agreements/third_party/*",
    "templates/home/*third_party.html",
    "templates/companies/*",
    "templates/reports/third_party/*",
    "agreements/forms/*",
    "agreements/bulk/*",
    "agreements/models/bulk.py",
    "agreements/views/third_party.py",
    "agreements/company_emails.py",
    "agreements/corrections.py",
    "agreements/views/correction.py",
    "agreements/views/drafts.py",
    "agreements/views/bulk.py",
    "agreements/creation.py",
    "agreements/preview.py",
    "agreements/daily_limits.py",
    "agreements/daily_summary.py",
    "agreements/notification_settings.py",
    "agreements/models/notification.py",
    "agreements/views/notifications.py",
    "agreements/masking.py",
    "agreements/permissions.py",
    "agreements/reminders.py",
    "agreements/request.py",
    "agreements/third_party_wording.py",
    "companies/*",
    "api/*",
    "templates/api/*",
    # emails to companies and utilities
    "templates/emails/*third_party.*",
    "templates/emails/*tdsp.*",
    "templates/emails/API_*",
    "templates/emails/BULK_*",
    "templates/emails/COMPANY_*",
    "templates/emails/JOIN_*",
    "templates/emails/MEMBER_*",
    "templates/emails/REQUESTS_*",
    "templates/emails/USER_INVITED.*",
    "templates/emails/EM204.*",
    "templates/emails/EM204_no_data.*",
    "templates/emails/agreement_facts.*",
    # the admin, commands and development's mailbox
    "*admin*.py",
    "templates/admin/*",
    "templates/home/*staff*.html",
    "notifications/failures.py",
    "templates/local/*",
    "agreements/models/consent.py",
    "agreements/consent_review.py",
    "lib/review_reasons.py",
    "customers/claim_review.py",
    "customers/models/claim.py",
    "meters/imports/*",
    "meters/management/*",
    "agreements/models/stage.py",
    "agreements/search.py",
    "agreements/management/*",
    "reports/third_party/*",
    "reports/management/*",
)

# Sentences of libraries whose own Spanish is missing, says tú, or has other words than our pages.
LIBRARIES = {
    "django": ("AM", "PM"),
    "django-allauth": (
        "Be patient, you are sending too many requests.",
        "Invalid login.",
        "A new set of recovery codes has been generated.",
        "Security key added.",
        "Security key removed.",
        "Use a security key",
        "Use authenticator app or code",
        "Use your password",
        "You cannot generate recovery codes without having two-factor authentication enabled.",
    ),
}


def sources() -> Iterator[tuple[str, str]]:
    """The path, from the checkout's root, and the text of every file whose sentences customers may see."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".html", ".txt"} and not any(fnmatch(name, kind) for kind in ENGLISH_ONLY):
                yield name, path.read_text()


def found() -> Catalog:
    """Every sentence of the sources, with the files it stands in."""
    catalog = Catalog(domain="django")
    for name, text in sources():
        if not name.endswith(".py"):
            # What is no sentence is blanked out; the indentation that is left would mean something to Python.
            text = "\n".join(line.strip() for line in templatize(text).splitlines())
        for _line, words, _comments, context in extract("python", BytesIO(text.encode()), KEYWORDS):
            catalog.add(words, context=context, locations=[(name, 1)])
    for library, sentences in LIBRARIES.items():
        for sentence in sentences:
            catalog.add(sentence, locations=[(library, 1)])
    return catalog


def kept() -> Catalog:
    """The catalogue as it is committed."""
    with PO.open("rb") as file:
        return read_po(file, locale="es", domain="django")


def compiled(catalog: Catalog) -> bytes:
    """The .mo of `catalog`."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def is_translated(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms) and not message.fuzzy


def main() -> int:
    catalog = kept()
    catalog.update(found(), no_fuzzy_matching=True, update_creation_date=False)
    with PO.open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    MO.write_bytes(compiled(catalog))
    waiting = [message for message in catalog if message.id and not is_translated(message)]
    for message in waiting:
        print(f"No Spanish yet: {message.id!r} ({message.locations[0][0]})")
    print(f"{len(catalog) - len(waiting)} sentences are in Spanish, {len(waiting)} are not.")
    return bool(waiting)


if __name__ == "__main__":
    sys.exit(main())
