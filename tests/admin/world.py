"""Two TDSPs with everything that the admin can show. Words of one must not appear to the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from accounts.models import User
from agreements.models import Agreement, Review
from agreements.request import Person
from agreements.states import ReportState, Status
from lib import link_tokens
from meters.models import Premise, Tdsp, UploadState
from notifications.models import Email, EmailState
from tests.factories import (
    AccessLogEntryFactory,
    AgreementEventFactory,
    AgreementFactory,
    CompanyFactory,
    CustomerFactory,
    DownloadFactory,
    ElectricityProviderFactory,
    EmailFactory,
    EsiidClaimFactory,
    LetterFactory,
    MembershipFactory,
    MeterFactory,
    NoticeFactory,
    OperatorFactory,
    PremiseFactory,
    ReportFactory,
    TdspFactory,
    UploadFactory,
    UploadRejectionFactory,
    UserFactory,
)
from tests.support.agreements import initiate

BODY = "What the email said"


@dataclass
class Side:
    """One TDSP and one record of each kind that belongs to it; `words` appear only in its records."""

    tdsp: Tdsp
    staff: User
    premise: Premise
    pending: Agreement
    records: dict[str, Any]
    words: list[str] = field(default_factory=list)


def side(name: str, digits: str) -> Side:
    """Create a TDSP whose records all contain `name` or the seven `digits`."""
    tdsp = TdspFactory(name=f"{name} Delivery", duns=f"90{digits}")
    staff = UserFactory(username=f"{name.lower()}-staff", is_staff=True, tdsp=tdsp, is_supervisor=True)
    premise = PremiseFactory(tdsp=tdsp, esiid=f"1044372000{digits}", address=f"1 {name} Road", city=f"{name}ville")
    meter = MeterFactory(premise=premise, number=f"9{digits}")
    holder = UserFactory(username=f"{name.lower()}-holder", first_name=f"Nina{name}", last_name=f"{name}son")
    customer = CustomerFactory(user=holder)
    claim = EsiidClaimFactory(customer=customer, premise=premise)
    member = MembershipFactory(company=CompanyFactory(legal_name=f"{name} Savings")).user
    (pending,) = initiate(member, meter, registered=True, person=Person(email=holder.email))
    done = AgreementFactory(
        premise=premise, number=f"10251{digits}", status=Status.COMPLETE, last_name=f"{name}berg",
        email=f"{name.lower()}@mail.example", street=f"2 {name} Street",
        meter_number=meter.number, review=Review.RELEASED,
    )  # fmt: skip
    AgreementEventFactory(agreement=done)
    LetterFactory(agreement=done)
    report = ReportFactory(agreement=done, state=ReportState.FAILED, file_name=f"{name}.csv")
    failed = EmailFactory(
        about=[done.number],
        state=EmailState.FAILED,
        failure="refused",
        failed_at=timezone.now(),
        to_address=done.email,
        subject=BODY,
    )
    load = UploadFactory(
        tdsp=tdsp,
        by=staff,
        file_name=f"{name}-usage.csv",
        rejected=1,
        state=UploadState.DONE,
        rejected_by_reason={"unknown_esiid": 1},
    )
    UploadRejectionFactory(upload=load, file=load.file_name)
    records = {
        "meters.tdsp": tdsp,
        "meters.premise": premise,
        "meters.meter": meter,
        "meters.upload": load,
        "customers.customer": customer,
        "customers.esiidclaim": claim,
        "meters.electricityprovider": ElectricityProviderFactory(),
        "accounts.accesslogentry": AccessLogEntryFactory(
            tdsp=tdsp, user=staff, label=f"label-{digits}", model="agreements.agreement", object_id=str(done.pk)
        ),
        "agreements.agreement": done,
        "agreements.consentreview": done.consent_review,
        "notifications.email": failed,
        "reports.report": report,
        "reports.download": DownloadFactory(report=report, by=member),
        "notices.notice": NoticeFactory(tdsp=tdsp, title=f"{name} notice", made_by=staff),
    }
    Email.objects.update(text=BODY, html=BODY)
    return Side(tdsp, staff, premise, pending, records, [name, digits, pending.number, done.number, holder.email])


@dataclass
class World:
    """The TDSP of the staff, another TDSP, and an operator who is not a superuser."""

    own: Side
    other: Side
    operator: User

    @property
    def secrets(self) -> list[str]:
        """What no page of the admin may contain (X5)."""
        found = [BODY, *Email.objects.exclude(placeholder="").values_list("placeholder", flat=True)]
        for agreement in Agreement.objects.all():
            nonce = bytes(agreement.submission.link_nonce)
            found += [link_tokens.derive_token(nonce), agreement.submission.link_hash, nonce.hex(), str(nonce)]
        return found


def make_world() -> World:
    return World(side("Ocelot", "7100017"), side("Quetzal", "8200028"), OperatorFactory(is_superuser=False))
