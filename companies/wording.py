"""A company's history, its users' permissions and its standing in plain words (T12, T13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.models import Company, CompanyEvent, CompanyEventKind, Membership

PERMISSIONS: dict[str, Promise] = {
    "may_view": gettext_lazy("view agreements and reports"),
    "may_initiate": gettext_lazy("initiate agreements"),
    "may_resend_or_withdraw": gettext_lazy("resend or withdraw agreements"),
    "may_download": gettext_lazy("download reports"),
    "is_administrator": gettext_lazy("administer the company, its users and approvals"),
}


def permission_words(given: Membership | Iterable[str]) -> list[Promise]:
    """What a user may do, a phrase for each permission; or what an invitation gives, which keeps their names."""
    names = given.permissions if isinstance(given, Membership) else set(given)
    return [words for name, words in PERMISSIONS.items() if name in names]


def compared(changes: Mapping[str, Sequence[Any]]) -> list[tuple[str | Promise, str, str]]:
    """Changes of a company's profile: the field in words, what it was, what it is."""
    labels = {field.name: field.verbose_name for field in Company._meta.fields}
    # The history is older than the code: a field may be gone.
    return [(labels.get(name, name), str(before), str(after)) for name, (before, after) in changes.items()]


@dataclass(frozen=True)
class Entry:
    """One line of the history, for components/timeline.html."""

    at: datetime
    title: str
    detail: str


def history(events: Iterable[CompanyEvent]) -> list[Entry]:
    """What happened, about whom, which fields, and by whom."""
    return [Entry(event.at, _title(event), _detail(event)) for event in events]


def _title(event: CompanyEvent) -> str:
    title = event.get_kind_display()
    if event.about and event.kind != CompanyEventKind.REGISTERED:
        title = f"{title}: {event.about.get_full_name() or event.about.get_username()}"
    return title


def _detail(event: CompanyEvent) -> str:
    return ". ".join(part for part in (_by(event), *changes_of(event)) if part)


def _by(event: CompanyEvent) -> str:
    if event.by is None:
        return ""
    # Staff have no names here: a company deals with the portal's operator.
    if event.by.is_staff:
        return _("By the portal's operator")
    return _("By %s") % (event.by.get_full_name() or event.by.get_username())


def changes_of(event: CompanyEvent) -> Iterator[str]:
    """A sentence or two on what was changed."""
    if reason := event.changes.get("reason"):
        yield str(reason[1])
    elif event.kind in (CompanyEventKind.PROFILE, CompanyEventKind.CHANGE_ASKED):
        for label, before, after in compared(event.changes):
            yield f"{capfirst(str(label))}: {before or '–'} → {after or '–'}"
    else:
        for words, sentence in ((True, _("May now: %s")), (False, _("May no longer: %s"))):
            names = [name for name, both in event.changes.items() if both[1] is words]
            if names:
                yield sentence % ", ".join(map(str, permission_words(names)))
