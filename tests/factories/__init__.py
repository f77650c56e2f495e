"""Test data: one factory for each model, with values a stranger would believe. Shared by all rooms' tests."""

from tests.factories.accounts import (
    AdmissionFactory,
    AttemptFactory,
    CompanyEventFactory,
    CompanyFactory,
    CustomerFactory,
    HoldingFactory,
    MembershipFactory,
    OperatorFactory,
    RegistrationFactory,
    StaffLookFactory,
    UserFactory,
)
from tests.factories.agreements import (
    AgreementEventFactory,
    AgreementFactory,
    CompanyTraceFactory,
    ConsentSignalFactory,
    DraftFactory,
    FailedMatchFactory,
    LetterFactory,
)
from tests.factories.meters import (
    CarriedSlotsFactory,
    MeterFactory,
    OldMonthFactory,
    PremiseFactory,
    TdspFactory,
    UploadChunkFactory,
    UploadFactory,
    UploadRejectionFactory,
    UsageDayFactory,
)
from tests.factories.notices import (
    NoticeFactory,
    NoticeReadFactory,
)
from tests.factories.notifications import EmailFactory
from tests.factories.reports import (
    DownloadFactory,
    ReportFactory,
    ReportFileFactory,
)

__all__ = [
    "TdspFactory",
    "PremiseFactory",
    "MeterFactory",
    "UsageDayFactory",
    "CarriedSlotsFactory",
    "OldMonthFactory",
    "UploadFactory",
    "UploadChunkFactory",
    "UploadRejectionFactory",
    "UserFactory",
    "OperatorFactory",
    "CompanyFactory",
    "MembershipFactory",
    "CompanyEventFactory",
    "AdmissionFactory",
    "CustomerFactory",
    "HoldingFactory",
    "RegistrationFactory",
    "AttemptFactory",
    "StaffLookFactory",
    "DraftFactory",
    "AgreementFactory",
    "AgreementEventFactory",
    "LetterFactory",
    "ConsentSignalFactory",
    "CompanyTraceFactory",
    "FailedMatchFactory",
    "NoticeFactory",
    "NoticeReadFactory",
    "EmailFactory",
    "ReportFactory",
    "ReportFileFactory",
    "DownloadFactory",
]
