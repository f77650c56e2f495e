"""Test data: one factory for each model, with values a stranger would believe. Shared by all rooms' tests."""

from tests.factories.accounts import (
    AccessLogEntryFactory,
    CompanyEventFactory,
    CompanyFactory,
    CompanyLinkFactory,
    CustomerFactory,
    HoldingFactory,
    MembershipFactory,
    OperatorFactory,
    RateLimitHitFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.factories.agreements import (
    AgreementEventFactory,
    AgreementFactory,
    CompanyFingerprintFactory,
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
    "CompanyLinkFactory",
    "CustomerFactory",
    "HoldingFactory",
    "RateLimitHitFactory",
    "RegistrationFactory",
    "AccessLogEntryFactory",
    "DraftFactory",
    "AgreementFactory",
    "AgreementEventFactory",
    "LetterFactory",
    "ConsentSignalFactory",
    "CompanyFingerprintFactory",
    "FailedMatchFactory",
    "NoticeFactory",
    "NoticeReadFactory",
    "EmailFactory",
    "ReportFactory",
    "ReportFileFactory",
    "DownloadFactory",
]
