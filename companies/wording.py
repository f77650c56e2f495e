"""A company's history and its users' permissions in plain words (T12, T13)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.models import Company, CompanyEvent, CompanyEventKind
from lib.timeline import TimelineEntry

PERMISSION_PHRASES: dict[str, Promise] = {
    "may_view": gettext_lazy("view agreements and reports"),
    "may_initiate": gettext_lazy("create agreements"),
    "may_resend_or_withdraw": gettext_lazy("resend or withdraw agreements"),
    "may_download": gettext_lazy("download reports"),
    "is_administrator": gettext_lazy("manage the company profile, users, and approvals"),
}


def describe_permissions(permissions: Collection[str]) -> list[Promise]:
    """Return a phrase for each of `permissions` (names of Membership.PERMISSIONS)."""
    return [phrase for name, phrase in PERMISSION_PHRASES.items() if name in permissions]


def describe_changes(changes: Mapping[str, Sequence[Any]]) -> list[tuple[str | Promise, str, str]]:
    """Return changes of a company's profile as (field in words, before, after)."""
    labels = {field.name: field.verbose_name for field in Company._meta.fields}
    # The history is older than the code: a field may no longer exist.
    return [(labels.get(name, name), str(before), str(after)) for name, (before, after) in changes.items()]


def describe_event(event: CompanyEvent) -> list[str]:
    """Return a sentence for each change of the event."""
    if reason := event.changes.get("reason"):
        return [str(reason[1])]
    if key := event.changes.get("key"):
        return [_("Key: %s") % key[1]]
    if attestation := event.changes.get("smt_attestation"):
        return [_("Turned on, with the wording from %s") % attestation[1] if attestation[1] else _("Turned off")]
    if event.kind in (CompanyEventKind.PROFILE, CompanyEventKind.CHANGE_ASKED, CompanyEventKind.MAILBOX):
        changes = describe_changes(event.changes)
        return [f"{capfirst(str(label))}: {before or '–'} → {after or '–'}" for label, before, after in changes]
    granted = describe_permissions([name for name, (_before, after) in event.changes.items() if after])
    revoked = describe_permissions([name for name, (_before, after) in event.changes.items() if not after])
    sentences = ((_("Can now: %s"), granted), (_("Can no longer: %s"), revoked))
    return [sentence % ", ".join(map(str, phrases)) for sentence, phrases in sentences if phrases]


def timeline_entries(events: Iterable[CompanyEvent]) -> list[TimelineEntry]:
    """Return what happened, about whom, by whom and which fields changed."""
    entries = []
    for event in events:
        title = event.get_kind_display()
        if event.about and event.kind != CompanyEventKind.REGISTERED:
            title = f"{title}: {event.about.get_full_name() or event.about.get_username()}"
        details = describe_event(event)
        if event.by:
            # Staff have no names here: the company deals with the portal's operator.
            name = event.by.get_full_name() or event.by.get_username()
            details.insert(0, _("By the operator of this portal") if event.by.is_staff else _("By %s") % name)
        entries.append(TimelineEntry(event.at, title, ". ".join(details)))
    return entries
