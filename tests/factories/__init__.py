"""Test data: one factory for each model, with realistic values."""

from tests.factories.accounts import AccessLogEntryFactory, OperatorFactory, RateLimitHitFactory, UserFactory
from tests.factories.agreements import (
    AddressCorrectionFactory,
    AgreementCountFactory,
    AgreementEventFactory,
    AgreementFactory,
    ConsentReviewFactory,
    ConsentSignalFactory,
    ContactStopFactory,
    DraftFactory,
    FailedMatchFactory,
    LetterFactory,
    ReminderFactory,
    SubmissionFactory,
)
from tests.factories.companies import (
    CompanyEventFactory,
    CompanyFactory,
    CompanyFingerprintFactory,
    CompanyLinkFactory,
    MembershipFactory,
)
from tests.factories.customers import (
    ClaimDisputeFactory,
    CustomerFactory,
    EsiidClaimFactory,
    FailedClaimFactory,
    RegistrationFactory,
)
from tests.factories.meters import (
    CarriedSlotsFactory,
    ElectricityProviderFactory,
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
from tests.factories.notifications import EmailAttachmentFactory, EmailFactory
from tests.factories.reports import (
    DownloadFactory,
    ReportFactory,
    ReportFileFactory,
)

__all__ = [
    "AddressCorrectionFactory",
    "AccessLogEntryFactory",
    "AgreementCountFactory",
    "AgreementEventFactory",
    "AgreementFactory",
    "CarriedSlotsFactory",
    "ClaimDisputeFactory",
    "CompanyEventFactory",
    "CompanyFactory",
    "CompanyFingerprintFactory",
    "CompanyLinkFactory",
    "ConsentReviewFactory",
    "ConsentSignalFactory",
    "ContactStopFactory",
    "CustomerFactory",
    "DownloadFactory",
    "DraftFactory",
    "ElectricityProviderFactory",
    "EmailAttachmentFactory",
    "EmailFactory",
    "EsiidClaimFactory",
    "FailedClaimFactory",
    "FailedMatchFactory",
    "LetterFactory",
    "MembershipFactory",
    "MeterFactory",
    "NoticeFactory",
    "NoticeReadFactory",
    "OldMonthFactory",
    "OperatorFactory",
    "PremiseFactory",
    "RateLimitHitFactory",
    "RegistrationFactory",
    "ReportFactory",
    "ReportFileFactory",
    "ReminderFactory",
    "SubmissionFactory",
    "TdspFactory",
    "UploadChunkFactory",
    "UploadFactory",
    "UploadRejectionFactory",
    "UsageDayFactory",
    "UserFactory",
]
