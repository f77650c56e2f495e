"""Which test proves which requirement: read from the docstrings of the tests, written to docs/requirements.md.

python -m tests.requirements        writes the page anew
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "requirements.md"

# Our ids, then the seed's. What a seed's id asks for stands under the ids in brackets; their tests prove it too.
REQUIREMENTS: dict[str, str] = {
    "L1": "Complete, Rejected, Not Accepted and Withdrawn are final",
    "L2": "An invitation lasts 30 days, to the second, whatever the sweep does; a resend does not lengthen it",
    "L3": "A click too late, or after another change, gets its own page with a date and a next step",
    "L4": "Resend only while Pending",
    "L5": "At most three agreements per ESIID and third party in 365 days; twenty at once create three",
    "L6": "One agreement per meter, all or none; a repeated or waiting ESIID is refused with its row",
    "L7": "Agreement numbers: MMDDYY and a six-digit counter, never twice",
    "L8": "Every change is an event that nobody edits; one table of moves; a race has one winner",
    "T1": "List up to 25 agreements, else search by number, last name, ESIID, meter number",
    "T2": "Create button, Help panels, navigation without dead ends",
    "T3": "Filters, sortable columns, paging",
    "T4": "Page 1 of the form",
    "T5": "Language only for unregistered residential customers, company name only for businesses",
    "T6": "A registered customer's name and address come from the account, masked until acceptance",
    "T7": "Matches are checked without an oracle; a failure keeps everything and names the row",
    "T8": "Page 2: company from the profile, contact, comments, read-back, attestation",
    "T9": "Confirmation; a second submit creates nothing",
    "T10": "Works with and without JavaScript",
    "T11": "The agreement's page with history, report and the buttons that are possible",
    "T12": "Permissions within a company; another company gets 404",
    "T13": "Company onboarding, users, approvals",
    "C1": "The decision page: one page, one click; a GET never decides",
    "C2": "Outcome pages; a second visit shows what was recorded",
    "C3": "Registration as residential or business, prefilled or unasked, confirmed by email",
    "C4": "3rd Party Agreements in the customer's account, with the same decisions",
    "C5": "My Smart Meters and Usage: chart, table, the same CSV",
    "C6": "English and Spanish on all that a customer sees",
    "C7": "Everything a decision needs to know is said",
    "E1": "HTML and plain text, only the last seven digits of an ESIID, the company in the subject",
    "E2": "Emails are written with the change and sent once, whatever fails meanwhile",
    "E3": "A third party's words break neither HTML, headers nor plain text",
    "E4": "Sent mail can be read in the browser, only in development",
    "R1": "One report per accepted agreement, whatever dies",
    "R2": "The report's period, never before the present customer's service",
    "R3": "CSV byte for byte as SMT's own download",
    "R4": "A report says what it covers and what is missing; no data is said",
    "R5": "Downloads need the permission and are logged; files are purged",
    "R6": "Constant memory, cost independent of the number of meters",
    "D1": "Each TDSP's administration shows its own; records are read-only",
    "D2": "Loading premises, meters and usage; bad rows reported, good ones in; revisions",
    "D3": "Every look of staff at customer data is on the audit trail",
    "A1": "WCAG 2.2 AA, keyboard, 320 px, no JavaScript needed",
    "A2": "Bad input: a message at the field and in the summary, nothing typed is lost",
    "A3": "UTC inside, Central time for people; a day is a Central day",
    "A4": "Secrets from the environment; production refuses development defaults",
    "X1": "Signals of forged consent hold the report for a TDSP's review",
    "X2": "Guessing and flooding are limited, in PostgreSQL",
    "X3": "A second factor for third parties and staff",
    "X4": "No token, name, address, email or long ESIID in a log",
    "X5": "Nobody but the customer sees the decision link",
    "X6": "Retention",
    "EM201": "Invitation",
    "EM202": "Reminder",
    "EM203": "Acceptance, with the letter of authorization",
    "EM204": "Report completed",
    "EM205": "Rejection",
}
SEED: dict[str, tuple[str, tuple[str, ...]]] = {
    "BR-019": ("The customer authorizes release electronically", ("C1", "C4")),
    "BR-019.012": ("The third party attests that it holds an authorization", ("T8",)),
    "BR-019.014": ("Both sides are told when access is granted, changed or revoked", ("EM203", "EM204", "EM205")),
    "BR-019.015": ("Third parties set up LOAs", ("T4", "EM203")),
    "P1.1": ("The third party collects the customer's information", ("T4",)),
    "P1.2": ("The third party opens the one-time form from Customer Agreements", ("T2",)),
    "P1.3": ("The third party enters, attests and submits", ("T8", "T9")),
    "P2.1": ("The customer opens the email and clicks", ("C1",)),
    "P2.3": ("The customer gets a confirmation with the LOA", ("EM203",)),
    "P2.4": ("The third party is told of the acceptance", ("EM203",)),
    "Business rule 4": ("Not Accepted after 30 days", ("L2",)),
    "Business rule 6": ("Not Accepted cannot be revived", ("L1",)),
    "Business rule 7": ("Complete cannot be revived", ("L1",)),
    "Business rule 8": ("A late click is told that the invitation expired", ("L3",)),
    "Business rule 10": ("Three agreements per ESIID and year", ("L5",)),
    "Functional rule 1": ("Language preference only for unregistered residential customers", ("T5",)),
    "Functional rule 2": ("For registered customers only the email is asked", ("T6",)),
    "Functional rule 3": ("ESIID, meter and email are validated", ("T7",)),
    "Functional rule 4": ("The company name cannot be edited", ("T8",)),
    "Functional rule 5": ("The contact is prefilled and can be changed", ("T8",)),
    "Functional rule 6": ("The right registration form opens", ("C3",)),
    "Functional rule 10": ("Only permitted actions are active", ("T12",)),
    "Functional rule 12": ("Several meters make several agreements", ("L6",)),
    "Functional rule 13": ("A late click is told that the invitation expired", ("L3",)),
    "Functional rule 14": ("A click after a change is told where to review", ("L3",)),
    "Functional rule 15": ("Registration is prefilled from the agreement", ("C3",)),
    "Functional rule 16": ("Resend only while Pending", ("L4",)),
}
# Asked for and not built yet: the page says so instead of naming a test.
OPEN: set[str] = set()
OPEN_WORDS = "not proved yet"
_ID = re.compile(r"\b(EM20[1-5]|[LTCERDAX]\d{1,2})(?:\s+to\s+([LTCERDAX]\d{1,2}|EM20[1-5]))?\b")


def ids_in(text: str) -> set[str]:
    """The ids that `text` names, ranges such as `L1 to L8` included."""
    found = set()
    for first, last in _ID.findall(text):
        found.add(first)
        if last:
            letter, start, end = re.sub(r"\d", "", first), int(re.sub(r"\D", "", first)), int(re.sub(r"\D", "", last))
            found |= {f"{letter}{number}" for number in range(start, end + 1)}
    return found & REQUIREMENTS.keys()


def proofs_by_id() -> dict[str, list[str]]:
    """`{id: [file::test, ...]}` by the docstrings of test functions and their classes."""
    found: dict[str, list[str]] = {name: [] for name in REQUIREMENTS}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        for holder, node in _tests(tree):
            text = (ast.get_docstring(node) or "") + " " + (ast.get_docstring(holder) or "" if holder else "")
            name = f"{holder.name}::{node.name}" if holder else node.name
            for requirement in ids_in(text):
                found[requirement].append(f"{path.relative_to(ROOT)}::{name}")
    return found


def _tests(tree: ast.Module) -> list[tuple[ast.ClassDef | None, ast.FunctionDef]]:
    pairs: list[tuple[ast.ClassDef | None, ast.FunctionDef]] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            pairs.append((None, node))
        elif isinstance(node, ast.ClassDef):
            pairs += [
                (node, one) for one in node.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
            ]
    return pairs


def page() -> str:
    """docs/requirements.md as it should be."""
    tests = proofs_by_id()
    lines = [
        "# Requirements and the tests that prove them",
        "",
        "Written by `python -m tests.requirements` from the docstrings of the tests. A test fails when an id has none,",
        "and when this page is not current.",
        "",
        "| id | what | tests |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {what} | {_names(tests[name]) or OPEN_WORDS} |" for name, what in REQUIREMENTS.items()]
    lines += ["", "## The design document of 2012", "", "| id | what | proved under |", "|---|---|---|"]
    lines += [f"| {name} | {what} | {', '.join(ids)} |" for name, (what, ids) in SEED.items()]
    return "\n".join(lines) + "\n"


def _names(tests: list[str]) -> str:
    shown = [f"`{test.removeprefix('tests/')}`" for test in tests[:4]]
    more = f" and {len(tests) - 4} more" if len(tests) > 4 else ""
    return "<br>".join(shown) + more


if __name__ == "__main__":
    PAGE.write_text(page())
