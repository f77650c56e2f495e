"""Utilities, premises and meters; usage by day; files that are uploaded."""

from meters.models.premise import ElectricityProvider, Meter, Premise, PremiseQuerySet, Tdsp, sandbox_utilities
from meters.models.upload import (
    UNFINISHED,
    Upload,
    UploadChunk,
    UploadKind,
    UploadQuerySet,
    UploadRejection,
    UploadState,
)  # fmt: skip
from meters.models.usage import CarriedSlots, FlowDirection, OldMonth, UsageDay

__all__ = [
    "UNFINISHED", "CarriedSlots", "ElectricityProvider", "FlowDirection", "Meter", "OldMonth", "Premise",
    "PremiseQuerySet", "Tdsp", "Upload", "UploadChunk", "UploadKind", "UploadQuerySet", "UploadRejection",
    "UploadState", "UsageDay", "sandbox_utilities",
]  # fmt: skip
