"""The agreement and everything that belongs to it; trust is apart from the life."""

from agreements.models.agreement import (
    DATA_IN_WORDS,
    PERIOD_IN_WORDS,
    Agreement,
    AgreementEvent,
    DayCounter,
    Draft,
    EventKind,
    Letter,
    ReportLength,
    ReportType,
    Review,
)
from agreements.models.consent import ConsentSignal, FailedMatch, SignalKind

__all__ = [
    "Agreement",
    "AgreementEvent",
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
