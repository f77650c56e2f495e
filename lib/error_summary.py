"""What a form has to say at the top of its page (A2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms

from agreements.request_data import Problem


@dataclass(frozen=True)
class Shown:
    """One line of the error summary; `target` is the id of the field it leads to, or empty."""

    message: str
    target: str = ""


def shown_problems(form: forms.BaseForm, prefix: str = "") -> list[Shown]:
    """A form's errors in the order of its fields."""
    shown = [Shown(f"{prefix}{error}") for error in form.non_field_errors()]
    for field in form:
        radios = isinstance(field.field.widget, forms.RadioSelect)
        target = f"{field.auto_id}_0" if radios else field.id_for_label
        shown += [Shown(f"{prefix}{error}", target) for error in field.errors]
    return shown


def distinct_causes(problems: Iterable[Problem]) -> list[str]:
    """The possible causes of all problems, each once."""
    return list(dict.fromkeys(cause for problem in problems for cause in problem.causes))
