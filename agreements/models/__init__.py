"""The agreement and what belongs to it."""

from agreements.models.agreement import Agreement, AgreementQuerySet, Review
from agreements.models.consent import ConsentSignal, FailedMatch, SignalKind
from agreements.models.day_counter import DayCounter
from agreements.models.draft import Draft
from agreements.models.event import AgreementEvent, EventKind
from agreements.models.letter import Letter
from agreements.models.report_options import DATA_IN_WORDS, PERIOD_IN_WORDS, ReportLength, ReportType

__all__ = [
    "Agreement",
    "AgreementEvent",
    "AgreementQuerySet",
    "ConsentSignal",
    "DATA_IN_WORDS",
    "DayCounter",
    "Draft",
    "EventKind",
    "FailedMatch",
    "Letter",
    "PERIOD_IN_WORDS",
    "ReportLength",
    "ReportType",
    "Review",
    "SignalKind",
]
