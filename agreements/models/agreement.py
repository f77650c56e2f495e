"""The agreement: one customer's answer to one question about one meter, with its whole life (SPEC section 2)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import User
from agreements.name_key import SHOWN_NAME_KEY
from agreements.querysets import AgreementQuerySet
from agreements.states import Channel, Status
from companies.models import Company
from companies.trust.email_keys import DomainKey, MailboxKey
from customers.models import Customer, CustomerKind
from lib.append_only import append_only
from meters.identifiers import mask_esiid
from meters.models import Premise


class ReportType(models.TextChoices):
    INTERVAL = "interval", _("15-minute interval CSV")
    DAILY = "daily", _("Daily CSV")
    MONTHLY = "monthly", _("Monthly CSV")


class ReportLength(models.TextChoices):
    ONE_DAY = "1d", _("1 day")
    ONE_MONTH = "1m", _("1 month")
    THREE_MONTHS = "3m", _("3 months")
    SIX_MONTHS = "6m", _("6 months")
    ONE_YEAR = "12m", _("1 year")


# The same in a sentence to the customer: "... for {period}" and "what it shows" (C7).
DATA_IN_WORDS = {
    ReportType.INTERVAL: _("electricity use in 15-minute intervals"),
    ReportType.DAILY: _("daily electricity use"),
    ReportType.MONTHLY: _("monthly electricity use"),
}
PERIOD_IN_WORDS = {
    ReportLength.ONE_DAY: _("the day before you accept"),
    ReportLength.ONE_MONTH: _("the month up to the day before you accept"),
    ReportLength.THREE_MONTHS: _("the 3 months up to the day before you accept"),
    ReportLength.SIX_MONTHS: _("the 6 months up to the day before you accept"),
    ReportLength.ONE_YEAR: _("the year up to the day before you accept"),
}

# ... and in the letter, where the customer speaks (EM203).
SIGNED_PERIOD = {
    ReportLength.ONE_DAY: _("the day before I accepted"),
    ReportLength.ONE_MONTH: _("the month up to the day before I accepted"),
    ReportLength.THREE_MONTHS: _("the 3 months up to the day before I accepted"),
    ReportLength.SIX_MONTHS: _("the 6 months up to the day before I accepted"),
    ReportLength.ONE_YEAR: _("the year up to the day before I accepted"),
}


def report_type_in_words(report_type: str, with_utc: bool) -> str:
    label = str(ReportType(report_type).label)
    return _("%(report_type)s, also with UTC columns") % {"report_type": label} if with_utc else label


class Draft(models.Model):
    """A form between page 1 and its submission. Its id makes a second click on Submit harmless (T9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    answers = models.JSONField()  # page 1 as typed; forgotten when submitted or abandoned
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class Review(models.TextChoices):
    """What a TDSP's look at a doubtful consent came to (X1)."""

    NONE = "none", _("Not needed")
    HELD = "held", _("Held for review")
    RELEASED = "released", _("Released")
    REFUSED = "refused", _("Refused")


class Agreement(models.Model):
    """What the third party asked, what stood on record then, and what became of it. Names and addresses are a copy of
    the day of initiation: later changes of a profile do not change what a customer agreed to."""

    number = models.CharField(_("agreement number"), max_length=12, unique=True)  # L7
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PENDING)
    initiated_at = models.DateTimeField(_("initiated"))
    expires_at = models.DateTimeField(_("invitation expires"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="agreements")
    initiated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Draft, null=True, on_delete=models.SET_NULL, related_name="agreements")
    third_party_name = models.CharField(_("company name"), max_length=120)
    contact_name = models.CharField(_("contact name"), max_length=120)
    contact_phone = PhoneNumberField(_("contact phone"))
    contact_email = models.EmailField(_("contact email"))
    privacy_policy_url = models.URLField(_("privacy policy"), blank=True)
    comments = models.TextField(_("comments"), max_length=1000, blank=True)
    attested_at = models.DateTimeField(_("authorization attested"))

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="agreements")
    esiid = models.CharField("ESIID", max_length=22)
    meter_number = models.CharField(_("meter number"), max_length=20)

    report_type = models.CharField(_("report type"), max_length=10, choices=ReportType.choices)
    report_length = models.CharField(_("report length"), max_length=4, choices=ReportLength.choices)
    # The clean variant of the 15-minute CSV: the same readings, each with its start in UTC as well (FORMATS.md).
    with_utc = models.BooleanField(_("also with UTC columns"), default=False)

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements")
    was_registered = models.BooleanField(_("registered customer"))
    customer_kind = models.CharField(_("kind of customer"), max_length=12, choices=CustomerKind.choices)
    first_name = models.CharField(_("first name"), max_length=60)
    middle_initial = models.CharField(_("middle initial"), max_length=1, blank=True)
    last_name = models.CharField(_("last name"), max_length=60)
    title = models.CharField(_("title"), max_length=20, blank=True)
    customer_company_name = models.CharField(_("customer's company name"), max_length=120, blank=True)
    street = models.CharField(_("street"), max_length=250)
    city = models.CharField(_("city"), max_length=60)
    state = models.CharField(_("state"), max_length=2)
    zip_code = models.CharField(_("ZIP code"), max_length=10)
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("email"), max_length=254)
    language = models.CharField(_("language preference"), max_length=10, choices=settings.LANGUAGES, default="en")
    # What the third party may find the customer by and sort by; null while the name is masked to it (T1, T6).
    name_key = models.GeneratedField(
        expression=SHOWN_NAME_KEY, output_field=models.TextField(db_collation="C"), db_persist=True
    )

    # The decision link: the nonce derives the token, only the token's hash can be looked up (DESIGN 2.5).
    link_nonce = models.BinaryField()
    link_hash = models.CharField(max_length=64, unique=True)

    # Set together with the record of the report, so that the sweep for due reports reads an index of the few that wait
    # and not every agreement that was ever accepted (R6).
    report_recorded = models.BooleanField(default=False, editable=False)

    # When the personal data of one that was never accepted was taken out (X6).
    person_forgotten_at = models.DateTimeField(null=True, editable=False)

    # Any signal against the consent holds the report until a TDSP has looked (X1).
    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.NONE)
    review_reason = models.CharField(_("reason of the review's outcome"), max_length=500, blank=True)

    is_overdue: bool  # of AgreementQuerySet.with_overdue()

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-initiated_at", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "premise", "report_type", "report_length"],
                condition=models.Q(status="pending"),
                name="question_waits_once",
            ),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="agreement_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status="pending", ended_at=None)
                | (~models.Q(status="pending") & models.Q(ended_at__isnull=False)),
                name="agreement_ended_unless_pending",
            ),
            models.CheckConstraint(condition=models.Q(review__in=Review.values), name="agreement_review_is_known"),
            models.CheckConstraint(
                condition=models.Q(review="none") | models.Q(status="complete"),
                name="only_accepted_agreements_are_reviewed",
            ),
            models.CheckConstraint(
                condition=models.Q(number__regex=r"^[0-9]{12}$"), name="agreement_number_is_12_digits"
            ),
            models.CheckConstraint(
                condition=models.Q(was_registered=False)
                | models.Q(customer__isnull=False)
                | models.Q(person_forgotten_at__isnull=False),
                name="registered_customer_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(customer_kind="business") | models.Q(customer_company_name=""),
                name="customer_company_only_for_business",
            ),
            models.CheckConstraint(
                condition=models.Q(with_utc=False) | models.Q(report_type="interval"),
                name="utc_columns_only_for_intervals",
                violation_error_message=_("Only the 15-minute report has UTC columns."),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="agreement_overdue", condition=models.Q(status="pending")),
            models.Index(
                fields=["ended_at"],
                name="agreement_awaits_report",
                condition=models.Q(status="complete", report_recorded=False, review__in=["none", "released"]),
            ),
            models.Index(
                fields=["ended_at"],
                name="agreement_to_forget",
                condition=models.Q(
                    status__in=["rejected", "not_accepted", "withdrawn"], person_forgotten_at__isnull=True
                ),
            ),
            models.Index(fields=["ended_at"], name="agreement_held", condition=models.Q(review="held")),
            models.Index(fields=["company", "-initiated_at"], name="agreement_of_company"),
            models.Index(fields=["company", "premise", "initiated_at"], name="agreement_limit"),
            # For each way to search, exact and by a beginning (T1); a name's key has its order from its collation.
            *(
                models.Index(fields=["company", field], name=name, opclasses=["int8_ops", "varchar_pattern_ops"])
                for field, name in (
                    ("number", "agreement_by_number"),
                    ("esiid", "agreement_by_esiid"),
                    ("meter_number", "agreement_by_meter"),
                )
            ),
            models.Index(fields=["company", "name_key"], name="agreement_by_name"),
            # For what speaks against a consent (X1), and for what one mailbox is sent in a day, by anybody (X2).
            models.Index(MailboxKey("email"), "company", "initiated_at", name="agreement_mailbox"),
            models.Index("company", MailboxKey("contact_email"), name="agreement_typed_mailbox"),
            models.Index("company", OpClass(DomainKey("email"), name="text_pattern_ops"), name="agreement_mail_domain"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def customer_name(self) -> str:
        return " ".join(part for part in (self.first_name, self.middle_initial, self.last_name) if part)

    @property
    def masked_esiid(self) -> str:
        return mask_esiid(self.esiid)

    @property
    def data_in_words(self) -> str:
        return str(DATA_IN_WORDS[ReportType(self.report_type)])

    @property
    def report_type_in_words(self) -> str:
        """The type, and whether the file has UTC columns: for the third party, to whom its columns matter."""
        return report_type_in_words(self.report_type, self.with_utc)

    @property
    def period_in_words(self) -> str:
        return str(PERIOD_IN_WORDS[ReportLength(self.report_length)])

    @property
    def signed_period(self) -> str:
        return str(SIGNED_PERIOD[ReportLength(self.report_length)])

    @property
    def service_address(self) -> str:
        return f"{self.street}, {self.city}, {self.state} {self.zip_code}"


class EventKind(models.TextChoices):
    INITIATED = "initiated", _("Initiated")
    RESENT = "resent", _("Invitation sent again")
    ACCEPTED = "accept", _("Accepted")
    REJECTED = "reject", _("Rejected")
    WITHDRAWN = "withdraw", _("Withdrawn")
    EXPIRED = "expire", _("Invitation period ended")
    HELD = "held", _("Report held for review")
    RELEASED = "released", _("Report released after review")
    REFUSED = "refused", _("Report refused after review")


class AgreementEvent(models.Model):
    """Who did what, when and by which channel (L8). A trigger refuses every change of a row."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    from_status = models.CharField(max_length=12, choices=Status.choices, blank=True)
    to_status = models.CharField(max_length=12, choices=Status.choices)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")  # null: customer's link, clock

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=models.Q(kind__in=["accept", "reject", "withdraw", "expire"]),
                name="agreement_ends_once",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=EventKind.values), name="event_kind_is_known"),
        ]
        indexes = [models.Index(fields=["at"], name="event_reminder", condition=models.Q(kind="resent"))]  # X2
        triggers = [append_only("agreement_events_are_append_only")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.kind}"


class Letter(models.Model):
    """The letter of authorization (LOA) of an accepted agreement: the text that the customer authorized, with its hash.

    `decision_text` is the text of the decision page in `decision_language`. `version` covers the wording of both texts.
    """

    agreement = models.OneToOneField(Agreement, on_delete=models.PROTECT, related_name="letter")
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    decision_language = models.CharField(max_length=10, blank=True)
    decision_text = models.TextField(blank=True)
    decision_sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"LOA {self.agreement}"


class DayCounter(models.Model):
    """The last six-digit counter given out on a Central day; agreement numbers come from here (L7)."""

    day = models.DateField(primary_key=True)
    last = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.day}: {self.last}"
