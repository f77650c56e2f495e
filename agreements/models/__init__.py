"""The agreement and what belongs to it."""

from agreements.models.agreement import Agreement, AgreementQuerySet
from agreements.models.bulk import BulkInvitation, BulkInvitationQuerySet, BulkRow, BulkRowState, BulkState
from agreements.models.consent import ConsentSignal, FailedMatch, SignalKind
from agreements.models.contact_stop import ContactStop, stops_contact, unknown_company_rule, unknown_company_state
from agreements.models.count import AgreementCount
from agreements.models.history import AgreementEvent, EventKind, Letter, ReportStateChange
from agreements.models.notification import CompanyEmail, EmailTiming, NotificationSettings, SummaryEntry
from agreements.models.reminder import Reminder, ReminderOutcome
from agreements.models.report_options import DATA_IN_WORDS, PERIOD_IN_WORDS, ReportLength, ReportScope, ReportType
from agreements.models.review import ConsentReview, Review
from agreements.models.stage import AgreementStage, stage_of
from agreements.models.submission import AddressCorrection, DayCounter, Draft, Submission

__all__ = [
    "AddressCorrection", "Agreement", "AgreementCount", "AgreementEvent", "AgreementQuerySet",
    "BulkInvitation", "BulkInvitationQuerySet", "BulkRow", "BulkRowState", "BulkState", "CompanyEmail",
    "ConsentReview", "ConsentSignal", "ContactStop", "DATA_IN_WORDS", "DayCounter", "Draft", "EmailTiming", "EventKind",
    "FailedMatch", "Letter", "NotificationSettings", "PERIOD_IN_WORDS", "Reminder", "ReminderOutcome", "ReportLength",
    "ReportScope", "ReportStateChange", "ReportType", "Review", "SignalKind", "AgreementStage",
    "Submission", "SummaryEntry",
    "stage_of", "stops_contact", "unknown_company_rule", "unknown_company_state",
]  # fmt: skip
