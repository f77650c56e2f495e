"""Who in a company gets an email about its agreements, when, and why (T17).

The contact of the agreement gets each kind as chosen in the own settings, and so do users who follow all agreements of
the company. If the contact is no user any more, the administrators take over. The shared mailbox gets everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from accounts.models import Role, User
from agreements.models import Agreement, CompanyEmail, EmailTiming, NotificationSettings, Submission, SummaryEntry
from companies.models import Membership
from notifications.actions import OutgoingEmail, queue_email

LANGUAGE = "en"


@dataclass(frozen=True)
class CompanyReader:
    """A user who gets emails about some agreements, and why: as their contact, or for one of the other reasons."""

    membership: Membership
    sent_because: str
    is_contact: bool = False

    @property
    def settings(self) -> NotificationSettings:
        return settings_of(self.membership)


def settings_of(membership: Membership) -> NotificationSettings:
    """Return what the user has chosen, or the unsaved defaults."""
    try:
        settings: NotificationSettings = membership.notification_settings
        return settings
    except NotificationSettings.DoesNotExist:
        return NotificationSettings(membership=membership)


def find_contact_user(company_id: int, address: str) -> User | None:
    """Return the user whose account has the contact's address and who acts for the company now."""
    member = Q(membership__in=Membership.objects.current().filter(company=company_id))
    return User.objects.alias(address=Lower("email")).filter(member, address=address.lower()).first()


def queue_to_company(email: OutgoingEmail, agreements: Sequence[Agreement]) -> None:
    """Queue `email` to everyone in the company who wants it now, and note it for those who want a daily summary.

    The agreements are of one submission. `email` is complete for the contact's address; the others get copies.
    """
    first = agreements[0]
    with override(LANGUAGE):
        # Read now: both may have changed since the agreement was.
        columns = Submission.objects.values_list("contact_user", "company__shared_mailbox")
        contact_id, mailbox = columns.get(pk=first.submission_id)
        readers, address_reason = _find_readers(first, contact_id, len(agreements))
        sent: set[str] = set()
        if address_reason:
            sent.add(first.contact_email.lower())
            queue_email(_addressed(email, CompanyEmail.values, sent_because=address_reason))
        for reader in readers:
            timing = reader.settings.timing(email.kind)
            if timing == EmailTiming.AT_ONCE:
                sent.add(reader.membership.user.email.lower())
                queue_email(_to_reader(email, reader))
            elif timing == EmailTiming.DAILY:
                entry = {"membership": reader.membership, "kind": email.kind, "is_contact": reader.is_contact}
                entries = [SummaryEntry(agreement=agreement, at=Now(), **entry) for agreement in agreements]
                SummaryEntry.objects.bulk_create(entries, ignore_conflicts=True)
        if mailbox and mailbox.lower() not in sent:
            reason = gettext("You get this email because this address is your company's shared mailbox.")
            change = {"change_path": reverse("company_mailbox"), "change_label": gettext("Administrators: change it")}
            copy = replace(email, key=f"mailbox:{email.key}", to=mailbox, reader_name="")
            queue_email(_addressed(copy, CompanyEmail.values, sent_because=reason, **change))


def _find_readers(agreement: Agreement, contact_id: int | None, count: int) -> tuple[list[CompanyReader], str]:
    """Return the users who may get an email, and why it also goes to the contact's address; empty: it does not.

    Their memberships stay locked against an end until the transaction ends: what is queued to a user who leaves at the
    same moment is withheld.
    """
    if contact_id is None and not agreement.company.is_sandbox:  # which has no users
        users = User.objects.alias(address=Lower("email")).filter(role=Role.THIRD_PARTY)
        contact_id = users.filter(address=agreement.contact_email.lower()).values_list("pk", flat=True).first()
    followers = Q(company=agreement.company_id, may_view=True, notification_settings__covers_company=True)
    members = Membership.objects.filter(followers | Q(user=contact_id))
    if keys := sorted(members.values_list("pk", flat=True)):
        lock_memberships(keys)
    current = Membership.objects.current().filter(company=agreement.company_id)
    current = current.select_related("user", "notification_settings").order_by("pk")
    readers = list(_readers_among(current.filter(pk__in=keys), contact_id, count)) if keys else []
    if contact_id is None:
        return readers, gettext("You get this email because this address is the contact on the agreement.")
    if not any(reader.is_contact for reader in readers):
        reason = gettext(
            "You get this email because you're an administrator, and the contact on the agreement is no longer a user "
            "of your company."
        )
        followed = {reader.membership.pk for reader in readers}
        others = current.administrators().exclude(pk__in=followed)
        readers += [CompanyReader(membership, reason) for membership in others]
    return readers, ""


def lock_memberships(keys: list[int]) -> None:
    """Lock memberships against an end; others can share this lock. Comes after every other lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM companies_membership WHERE id = ANY(%s) ORDER BY id FOR SHARE", [keys])


def _readers_among(memberships: Any, contact_id: int | None, count: int) -> Iterator[CompanyReader]:
    as_contact = ngettext(
        "You get this email because you're the contact on the agreement.",
        "You get this email because you're the contact on the agreements.",
        count,
    )
    as_follower = gettext("You get this email because you chose emails about all of your company's agreements.")
    for membership in memberships:
        if membership.user_id == contact_id:
            yield CompanyReader(membership, as_contact, is_contact=True)
        else:
            yield CompanyReader(membership, as_follower)


def _to_reader(email: OutgoingEmail, reader: CompanyReader) -> OutgoingEmail:
    """Return the email for a user. The contact's has the key that an email to the contact's address would have."""
    user = reader.membership.user
    key = email.key if reader.is_contact else f"user-{user.pk}:{email.key}"
    kinds = {kind for kind in CompanyEmail.values if reader.settings.timing(kind) != EmailTiming.OFF}
    copy = replace(email, key=key, to=user.email, reader_name=user.get_full_name())
    change = {"change_path": reverse("notification_settings"), "change_label": gettext("Change which emails you get")}
    return _addressed(copy, kinds, sent_because=reader.sent_because, **change)


def _addressed(email: OutgoingEmail, kinds: Collection[str], /, **footer: str) -> OutgoingEmail:
    """Return the email with its footer; what it promises depends on the `reader_kinds` that its reader gets."""
    return replace(email, context={**email.context, "reader_kinds": kinds, **footer})
