"""Test data: one factory for each model, with values a stranger would believe. Shared by all rooms' tests."""

from __future__ import annotations

import gzip
import hashlib
from datetime import date, timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import (
    Admission,
    AdmissionKind,
    Attempt,
    Company,
    CompanyEvent,
    CompanyEventKind,
    CompanyState,
    Customer,
    CustomerKind,
    Holding,
    LookAction,
    Membership,
    Registration,
    StaffLook,
    User,
)
from agreements.models import (
    Agreement,
    AgreementEvent,
    CompanyTrace,
    ConsentSignal,
    Draft,
    EventKind,
    FailedMatch,
    Letter,
    ReportLength,
    ReportType,
    SignalKind,
    TraceKind,
)
from agreements.states import Channel, Status
from meters.days import day_start, slots_on
from meters.models import (
    CarriedSlots,
    Load,
    LoadChunk,
    LoadKind,
    LoadRejection,
    Meter,
    OldMonth,
    Premise,
    Tdsp,
    UsageDay,
)
from meters.models import Channel as Direction
from meters.partitions import ensure_partitions
from notices.models import Notice, NoticeRead
from notifications import sealed
from notifications.models import Email, new_message_id
from reports.models import Download, Report, ReportFile, ReportState

# --- Meters -----------------------------------------------------------------------------------------------------


class TdspFactory(DjangoModelFactory):
    class Meta:
        model = Tdsp

    name = factory.Sequence(lambda n: f"Lone Star Delivery {n}")
    duns = factory.Sequence(lambda n: f"{100000000 + n}")


class PremiseFactory(DjangoModelFactory):
    class Meta:
        model = Premise

    esiid = factory.Sequence(lambda n: f"1044372{n:010d}")
    tdsp = factory.SubFactory(TdspFactory)
    address = "400 N Olive Street"
    city = "Sunnyvale"
    zip_code = "75012"


class MeterFactory(DjangoModelFactory):
    class Meta:
        model = Meter

    premise = factory.SubFactory(PremiseFactory)
    number = factory.Sequence(lambda n: f"{104000000 + n}")


class UsageDayFactory(DjangoModelFactory):
    """A whole day of actual readings; pass `wh` for others. Its partition is made when it is missing."""

    class Meta:
        model = UsageDay

    class Params:
        premise = factory.SubFactory(PremiseFactory)

    premise_id = factory.SelfAttribute("premise.pk")
    day = date(2026, 3, 2)
    channel = Direction.CONSUMPTION
    revision_at = factory.LazyAttribute(lambda usage: day_start(usage.day) + timedelta(days=1, hours=8))
    wh = factory.LazyAttribute(lambda usage: list(range(slots_on(usage.day))))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        ensure_partitions(kwargs["day"], kwargs["day"])
        return super()._create(model_class, *args, **kwargs)


class CarriedSlotsFactory(DjangoModelFactory):
    """The first slot of a usage day still holds an older revision."""

    class Meta:
        model = CarriedSlots

    class Params:
        usage = factory.SubFactory(UsageDayFactory)

    premise_id = factory.SelfAttribute("usage.premise_id")
    day = factory.SelfAttribute("usage.day")
    channel = factory.SelfAttribute("usage.channel")
    revision_at = factory.SelfAttribute("usage.revision_at")
    slots = (1).to_bytes(12, "little")


class OldMonthFactory(DjangoModelFactory):
    """Usage of 2012, loaded today."""

    class Meta:
        model = OldMonth

    month = date(2012, 1, 1)
    kept_until = factory.LazyFunction(lambda: timezone.now() + timedelta(days=90))


class LoadFactory(DjangoModelFactory):
    """A queued load of every TDSP's usage; its file comes by LoadChunkFactory."""

    class Meta:
        model = Load

    kind = LoadKind.USAGE
    file_name = "usage.csv"
    size = 100
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    by = factory.SubFactory("tests.factories.OperatorFactory")


class LoadChunkFactory(DjangoModelFactory):
    class Meta:
        model = LoadChunk

    load = factory.SubFactory(LoadFactory)
    number = 0
    content = b"ESIID,METER_NUMBER\n"


class LoadRejectionFactory(DjangoModelFactory):
    class Meta:
        model = LoadRejection

    load = factory.SubFactory(LoadFactory)
    file = "usage.csv"
    line = 2
    reason = "unknown_esiid"


# --- Accounts ---------------------------------------------------------------------------------------------------


class UserFactory(DjangoModelFactory):
    """Logs in by `client.force_login`; the password is unusable."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = "James"
    last_name = "Wilson"
    phone = "+15125550100"
    password = "!"


class OperatorFactory(UserFactory):
    is_staff = True
    is_superuser = True


class CompanyFactory(DjangoModelFactory):
    class Meta:
        model = Company

    legal_name = factory.Sequence(lambda n: f"Green Energy Services {n}")
    duns = factory.Sequence(lambda n: f"{200000000 + n}")
    street = "1 Congress Avenue"
    city = "Austin"
    zip_code = "78701"
    phone = "+15125550101"
    email = factory.Sequence(lambda n: f"info{n}@green-energy.example")
    privacy_policy_url = "https://green-energy.example/privacy"
    standing = CompanyState.APPROVED


class MembershipFactory(DjangoModelFactory):
    """A user of an approved company who may do everything; pass `may_initiate=False` and the like."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    may_view = True
    may_initiate = True
    may_resend_or_withdraw = True
    may_download = True
    approved_at = factory.LazyFunction(timezone.now)


class CompanyEventFactory(DjangoModelFactory):
    class Meta:
        model = CompanyEvent

    company = factory.SubFactory(CompanyFactory)
    kind = CompanyEventKind.APPROVED


class AdmissionFactory(DjangoModelFactory):
    """An open invitation that may view; pass `kind` and `confirmed_at` for a request that waits for approval."""

    class Meta:
        model = Admission

    kind = AdmissionKind.INVITATION
    company = factory.SubFactory(CompanyFactory)
    email = factory.Sequence(lambda n: f"newcomer{n}@green-energy.example")
    answers = factory.LazyAttribute(
        lambda admission: (
            {"first_name": "Nora", "last_name": "Ibarra"}
            if admission.kind == AdmissionKind.REQUEST
            else {"permissions": ["may_view"]}
        )
    )
    link_nonce = factory.LazyFunction(sealed.new_nonce)
    link_hash = factory.LazyAttribute(
        lambda admission: sealed.hash_of(sealed.token_of(admission.link_nonce, sealed.ACCOUNT_LINK))
    )
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    # Not of a company's mail domain: that would speak against every consent (X1).
    user = factory.SubFactory(
        UserFactory,
        first_name="Chika",
        last_name="Akin",
        email=factory.LazyAttribute(lambda user: f"{user.username}@customers.example"),
    )
    kind = CustomerKind.RESIDENTIAL


class HoldingFactory(DjangoModelFactory):
    class Meta:
        model = Holding

    customer = factory.SubFactory(CustomerFactory)
    premise = factory.SubFactory(PremiseFactory)


class RegistrationFactory(DjangoModelFactory):
    """Waits for its confirmation; the password is unusable."""

    class Meta:
        model = Registration

    kind = CustomerKind.RESIDENTIAL
    first_name = "Rosa"
    last_name = "Delgado"
    email = factory.Sequence(lambda n: f"newcomer{n}@example.net")
    language = "en"
    username = factory.Sequence(lambda n: f"newcomer{n}")
    password = "!"
    premise = factory.SubFactory(PremiseFactory)
    link_nonce = factory.LazyFunction(sealed.new_nonce)
    link_hash = factory.LazyAttribute(lambda one: sealed.hash_of(sealed.token_of(one.link_nonce, sealed.ACCOUNT_LINK)))
    asked_at = factory.LazyFunction(timezone.now)


class AttemptFactory(DjangoModelFactory):
    class Meta:
        model = Attempt

    subject_hash = "0" * 64
    at = factory.LazyFunction(timezone.now)


class StaffLookFactory(DjangoModelFactory):
    """Somebody of a TDSP's staff opened a premise."""

    class Meta:
        model = StaffLook

    tdsp = factory.SubFactory(TdspFactory)
    user = factory.SubFactory(UserFactory, is_staff=True, tdsp=factory.SelfAttribute("..tdsp"))
    action = LookAction.VIEW
    model = "meters.premise"
    object_id = "1"


# --- Agreements -------------------------------------------------------------------------------------------------


class DraftFactory(DjangoModelFactory):
    class Meta:
        model = Draft

    user = factory.SubFactory(UserFactory)
    answers = factory.LazyFunction(dict)


class AgreementFactory(DjangoModelFactory):
    """A pending agreement of an unregistered residential customer, initiated now; without events and emails.

    For one with its whole history use the actions. `status` other than pending needs `ended_at`.
    """

    class Meta:
        model = Agreement

    number = factory.Sequence(lambda n: f"102512{n:06d}")
    status = Status.PENDING
    initiated_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda agreement: agreement.initiated_at + timedelta(days=30))
    ended_at = factory.LazyAttribute(
        lambda agreement: None if agreement.status == Status.PENDING else agreement.initiated_at + timedelta(days=1)
    )
    company = factory.SubFactory(CompanyFactory)
    initiated_by = factory.LazyAttribute(lambda agreement: MembershipFactory(company=agreement.company).user)
    company_name = factory.SelfAttribute("company.legal_name")
    contact_name = "James Wilson"
    contact_phone = "+15125550101"
    contact_email = factory.SelfAttribute("company.email")
    privacy_policy_url = factory.SelfAttribute("company.privacy_policy_url")
    attested_at = factory.SelfAttribute("initiated_at")
    premise = factory.SubFactory(PremiseFactory)
    esiid = factory.SelfAttribute("premise.esiid")
    meter_number = "104051941"
    report_type = ReportType.INTERVAL
    report_length = ReportLength.THREE_MONTHS
    customer = None
    was_registered = factory.LazyAttribute(lambda agreement: agreement.customer is not None)
    customer_kind = CustomerKind.RESIDENTIAL
    first_name = "Rosa"
    last_name = "Delgado"
    street = "206 Boxwood Drive"
    city = "Baytown"
    state = "TX"
    zip_code = "77520"
    phone = "+15125550102"
    email = factory.Sequence(lambda n: f"customer{n}@example.net")
    link_nonce = factory.LazyFunction(sealed.new_nonce)
    link_hash = factory.LazyAttribute(lambda agreement: sealed.hash_of(sealed.token_of(agreement.link_nonce)))


class AgreementEventFactory(DjangoModelFactory):
    class Meta:
        model = AgreementEvent

    agreement = factory.SubFactory(AgreementFactory)
    at = factory.LazyFunction(timezone.now)
    kind = EventKind.INITIATED
    to_status = Status.PENDING
    channel = Channel.FORM
    by = factory.SelfAttribute("agreement.initiated_by")


class LetterFactory(DjangoModelFactory):
    class Meta:
        model = Letter

    agreement = factory.SubFactory(AgreementFactory, status=Status.COMPLETE)
    version = "1"
    language = "en"
    text = "I authorize one report."
    sha256 = "0" * 64
    signed_at = factory.SelfAttribute("agreement.ended_at")


# --- Notices ----------------------------------------------------------------------------------------------------


class NoticeFactory(DjangoModelFactory):
    """The operators', to everybody, for good; pass `tdsp`, `audience`, `title_es` and `text_es`."""

    class Meta:
        model = Notice

    title = factory.Sequence(lambda n: f"Maintenance on Sunday {n}")
    text = "The portal is closed on Sunday from 2 to 4 in the morning."
    published_from = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))


class NoticeReadFactory(DjangoModelFactory):
    class Meta:
        model = NoticeRead

    notice = factory.SubFactory(NoticeFactory)
    user = factory.SubFactory(UserFactory)


# --- Notifications ----------------------------------------------------------------------------------------------


class EmailFactory(DjangoModelFactory):
    class Meta:
        model = Email

    key = factory.Sequence(lambda n: f"EM201:{n}")
    kind = "EM201"
    about = "102512000233"
    to_address = "customer@example.net"
    subject = "A company asks for your electricity usage data"
    text = "Text"
    html = "<p>Text</p>"
    message_id = factory.LazyFunction(new_message_id)


class ConsentSignalFactory(DjangoModelFactory):
    class Meta:
        model = ConsentSignal

    agreement = factory.SubFactory(AgreementFactory)
    kind = SignalKind.OWN_DOMAIN
    at = factory.LazyFunction(timezone.now)


class CompanyTraceFactory(DjangoModelFactory):
    class Meta:
        model = CompanyTrace

    company = factory.SubFactory(CompanyFactory)
    kind = TraceKind.NETWORK
    value_hash = factory.Sequence(lambda n: f"{n:064d}")


class FailedMatchFactory(DjangoModelFactory):
    class Meta:
        model = FailedMatch

    at = factory.LazyFunction(timezone.now)
    user = factory.SubFactory(UserFactory)
    company = factory.SubFactory(CompanyFactory)
    esiid = "10443720000000017"


# --- Reports ----------------------------------------------------------------------------------------------------


class ReportFactory(DjangoModelFactory):
    """The record of a ready report of three months, complete; its file comes by ReportFileFactory."""

    class Meta:
        model = Report

    agreement = factory.SubFactory(AgreementFactory, status=Status.COMPLETE, report_recorded=True)
    state = ReportState.READY
    asked_first_day = date(2026, 8, 23)
    first_day = date(2026, 8, 23)
    last_day = date(2026, 11, 22)
    made_at = factory.SelfAttribute("agreement.ended_at")
    file_name = factory.LazyAttribute(lambda report: f"smt-{report.agreement.number}-15min.csv")
    rows = 92 * 96 + 4
    days_present = 92
    expected_intervals = 92 * 96 + 4
    present_intervals = 92 * 96 + 4
    total_wh = factory.LazyFunction(lambda: {"Consumption": 2_760_125})
    size = 700_000
    sha256 = "0" * 64


class ReportFileFactory(DjangoModelFactory):
    """Made together with a ready record that says the truth about its bytes; pass `content`."""

    class Meta:
        model = ReportFile

    class Params:
        content = b"ESIID,USAGE_DATE\n'10443720000000017,11/22/2026\n"

    report = factory.SubFactory(
        ReportFactory,
        rows=1,
        size=factory.LazyAttribute(lambda report: len(report.factory_parent.content)),
        sha256=factory.LazyAttribute(lambda report: hashlib.sha256(report.factory_parent.content).hexdigest()),
    )
    gzipped = factory.LazyAttribute(lambda file: gzip.compress(file.content, mtime=0))


class DownloadFactory(DjangoModelFactory):
    class Meta:
        model = Download

    report = factory.SubFactory(ReportFactory)
    by = factory.LazyAttribute(lambda download: download.report.agreement.initiated_by)
