"""Questions about agreements."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now

from agreements.states import Status
from companies.models import membership_of
from companies.trust.email_identity import mailbox_of, spelled_domain, spellings, under_domain
from companies.trust.email_keys import DomainKey, MailboxKey
from customers.models import customer_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from agreements.models import Agreement  # noqa: F401 - named in the base class below, as a string
    from companies.models import Company


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user: User | AnonymousUser) -> AgreementQuerySet:
        """The one door to other people's data: what is not in here does not exist for `user` (T12, D1)."""
        if not user.is_authenticated:
            return self.none()
        if user.is_operator:
            return self
        if user.is_staff and user.is_active:
            return self.filter(premise__tdsp=user.tdsp)
        if membership := membership_of(user):
            return self.filter(company=membership.company_id) if membership.may_view else self.none()
        if customer := customer_of(user):
            return self.filter(customer=customer)
        return self.none()

    def by_link(self, link_hash: str) -> AgreementQuerySet:
        """The agreement whose decision link hashes to `link_hash` (DESIGN 2.5)."""
        return self.with_overdue().filter(link_hash=link_hash)

    def with_overdue(self) -> AgreementQuerySet:
        """Each with `is_overdue`: still Pending though its period is over by the database's clock (L2)."""
        overdue = models.Q(status=Status.PENDING, expires_at__lt=Now())
        return self.annotate(is_overdue=models.ExpressionWrapper(overdue, output_field=models.BooleanField()))

    def pending(self) -> AgreementQuerySet:
        return self.filter(status=Status.PENDING)

    def overdue(self, *, at: datetime | None = None) -> AgreementQuerySet:
        """Pending ones whose invitation period has ended (L2)."""
        return self.pending().filter(expires_at__lt=at or Now())

    def open_soonest_first(self) -> AgreementQuerySet:
        """Pending ones that can still be answered, the one whose period ends first before the others."""
        return self.pending().filter(expires_at__gte=Now()).order_by("expires_at", "number")

    def held_for_review(self) -> AgreementQuerySet:
        """Accepted ones whose report waits for a TDSP's look (X1)."""
        return self.filter(review="held")

    def initiated_within_window(self, company: Company, since: datetime | Any) -> AgreementQuerySet:
        """Every agreement that `company` initiated after `since`, whatever became of it (L5)."""
        return self.filter(company=company, initiated_at__gt=since)

    def to_mailbox(self, address: str, field: str = "email") -> AgreementQuerySet:
        """Those whose customer reads the mailbox of `address`, however it is written; with "contact_email" as `field`
        those whose contact does (X1). An index finds the few on which the regular expression decides."""
        key = MailboxKey(models.Value(mailbox_of(address)))
        same_key = self.alias(mailbox_key=MailboxKey(field)).filter(mailbox_key=key)
        return same_key.filter(**{f"{field}__iregex": spellings(address)})

    def to_domain(self, domain: str) -> AgreementQuerySet:
        """Those whose customer's address is under `domain`, which somebody owns (X1); an index as above."""
        begins = [models.Q(domain_key__startswith=name[::-1]) for name in spelled_domain(domain)]
        same_end = self.alias(domain_key=DomainKey("email")).filter(reduce(or_, begins))
        return same_end.filter(email__iregex=under_domain(domain))

    def awaiting_report(self) -> AgreementQuerySet:
        """Complete ones without a record of a report, whose consent needs no review (R1, X1); an index has these."""
        return self.filter(status=Status.COMPLETE, report_recorded=False, review__in=["none", "released"])
