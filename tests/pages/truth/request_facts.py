"""What is true of a request whatever becomes of it: of whom it asks, and for what."""

from __future__ import annotations

from dataclasses import dataclass

from agreements.models import ReportType
from lib.phone_numbers import format_phone
from tests.pages.truth.contact_facts import ContactFacts
from tests.pages.truth.email_facts import Fact


@dataclass(frozen=True)
class RequestFacts(ContactFacts):
    """The part of AgreementFacts about the customer, the utility and the report that is asked for."""

    @property
    def registered(self) -> Fact:
        return self.agreement.was_registered

    @property
    def in_account(self) -> Fact:
        return self.agreement.customer_id is not None

    @property
    def registration_offered(self) -> Fact:
        return self.agreement.offers_registration

    @property
    def policy(self) -> Fact:
        return bool(self.agreement.submission.privacy_policy_url)

    @property
    def utility_phone(self) -> Fact:
        tdsp = self.agreement.tdsp
        return bool(tdsp.contact_phone) and {"utility": tdsp.name, "phone": format_phone(tdsp.contact_phone)}

    @property
    def interval_report(self) -> Fact:
        return self.agreement.shared.report_type == ReportType.INTERVAL

    @property
    def monthly_report(self) -> Fact:
        return self.agreement.shared.report_type == ReportType.MONTHLY
