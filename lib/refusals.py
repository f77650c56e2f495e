"""How an action says no: one exception with the problems that a form or an API answer shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One reason why an action was refused, as a sentence for the person who asked for it.

    `field` names the form's field (empty: the whole form), `row` the form's meter row from 1. `causes` are possible
    causes; the portal does not say which one applies (T7). `code` identifies the reason for programs and tests.
    """

    message: str
    field: str = ""
    row: int | None = None
    causes: tuple[str, ...] = ()
    code: str = ""
    agreement_number: str = ""  # of the agreement that is in the way


class Refused(Exception):
    """The action was not carried out and nothing was recorded; `problems` say why.

    `warning` is what else the person should know, for example how many tries are left.
    """

    def __init__(self, *problems: Problem, warning: str = "") -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = list(problems)
        self.warning = warning

    @property
    def causes(self) -> list[str]:
        """The possible causes of all problems, each once."""
        return list(dict.fromkeys(cause for problem in self.problems for cause in problem.causes))
