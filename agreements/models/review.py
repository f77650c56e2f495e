"""The review of a customer's consent, which holds the report (X1)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agreements.states import ReportState


class Review(models.TextChoices):
    """The state of a TDSP's review of the customer's consent (X1)."""

    NONE = "none", _("Not needed")
    HELD = "held", _("Under review")
    RELEASED = "released", _("Released")
    REFUSED = "refused", _("Refused")


# Of a complete agreement: a report may be made.
REVIEW_ALLOWS_REPORT = (Review.NONE, Review.RELEASED)
REVIEW_PREVENTS_REPORT = (Review.HELD, Review.REFUSED)

AWAITS_REPORT = Q(report_state=ReportState.DUE, review__in=REVIEW_ALLOWS_REPORT)
