"""What is true of the company that asks, and of the emails about an agreement: whom they reached, who gets no more."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from agreements.models import Agreement, ContactStop
from notifications.models import Email
from tests.pages.truth.email_facts import EmailFacts, Fact


def notices_to_staff(agreement: Agreement) -> tuple[str, ...]:
    """Return the addresses of those who were told that someone else accepted, or that the company is unknown."""
    notices = Email.objects.filter(key__regex=f"^(DISAVOWED|UNKNOWN):{agreement.number}:")
    return tuple(notices.values_list("to_address", flat=True))


@dataclass(frozen=True)
class ContactFacts(EmailFacts):
    """The part of AgreementFacts about the company's standing and the emails."""

    agreement: Agreement
    emails: tuple[Email, ...]
    staff_notices: tuple[str, ...]

    @property
    def suspended(self) -> Fact:
        return self.agreement.company.is_suspended

    @property
    def paused(self) -> Fact:
        return self.agreement.company.requests_paused_at is not None

    @property
    def can_create(self) -> Fact:
        return not self.suspended and not self.paused

    @property
    def contact_stopped(self) -> Fact:
        address = self.agreement.email
        return bool(address) and ContactStop.objects.of_mailbox(self.agreement.company_id, address).exists()

    @property
    def can_ask(self) -> Fact:
        return bool(self.can_create) and not self.contact_stopped

    @property
    def forgotten(self) -> Fact:
        return (at := self.agreement.person_forgotten_at) is not None and {"day": at}

    # Who looks into it

    @property
    def utility_staff(self) -> Fact:
        has_staff = User.objects.filter(tdsp=self.agreement.tdsp_id, is_staff=True).exists()
        return has_staff and {"utility": self.agreement.tdsp.name}

    @property
    def utility_told(self) -> Fact:
        told = User.objects.filter(tdsp=self.agreement.tdsp_id, email__in=self.staff_notices).exists()
        return told and {"utility": self.agreement.tdsp.name}
