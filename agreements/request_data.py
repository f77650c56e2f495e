"""What a third party asks on page 1, and what may stand against it, row by row."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from customers.models import CustomerKind


@dataclass(frozen=True)
class MeterRow:
    """One meter of the form: the row's number as the person sees it (from 1), ESIID and meter number normalised."""

    row: int
    esiid: str
    meter_number: str


@dataclass(frozen=True)
class Person:
    """The customer as the third party typed it; for a registered customer only `email` is asked (T6)."""

    email: str
    first_name: str = ""
    middle_initial: str = ""
    last_name: str = ""
    title: str = ""
    language: str = "en"
    company_name: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    phone: str = ""  # E.164 or empty


@dataclass(frozen=True)
class Question:
    """Page 1 of the form, cleaned (T4). `answers` and `from_answers` are its form in a draft."""

    registered: bool
    kind: CustomerKind
    person: Person
    rows: tuple[MeterRow, ...]
    report_type: str
    report_length: str
    with_utc: bool = False  # the 15-minute CSV also with UTC columns

    def answers(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_answers(cls, answers: dict[str, Any]) -> Question:
        return cls(
            registered=answers["registered"],
            kind=CustomerKind(answers["kind"]),
            person=Person(**answers["person"]),
            rows=tuple(MeterRow(**row) for row in answers["rows"]),
            report_type=answers["report_type"],
            report_length=answers["report_length"],
            with_utc=answers.get("with_utc", False),
        )


@dataclass(frozen=True)
class Contact:
    """Who at the third party answers the customer's questions (T8); `phone` in E.164."""

    name: str
    phone: str
    email: str


@dataclass(frozen=True)
class Problem:
    """Why a question cannot be asked. `row` is the form's meter row from 1, None for the whole form.

    `causes` are possible reasons of which the portal does not say which holds (T7).
    """

    code: str
    message: str
    row: int | None = None
    causes: tuple[str, ...] = field(default=())


class Refused(Exception):
    """Nothing was created; `problems` say why, for the person looking at the form."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.code for problem in problems))
        self.problems = problems
