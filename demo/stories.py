"""The demo's agreements, in every state there is: each lived through the portal's own actions, on days of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from accounts.models import User
from agreements import actions
from agreements.creation import initiate, start_draft
from agreements.models import Agreement, ReportLength, ReportType
from agreements.request_data import AgreementRequest, Contact, MeterRow, Person
from agreements.states import Channel, Status
from customers.models import Customer, CustomerKind
from demo.neighborhood import Place
from demo.people import BAKERY, BLUEBONNET, GRACE, MARIA, PERMIAN, People, Resident, ThirdParty, person_of
from lib.central_time import CENTRAL, central_day
from notifications.models import Email, EmailState
from reports import actions as reports
from reports.downloads import record_download
from reports.models import ReportState

SOON = timedelta(seconds=6)  # how long a worker takes


@dataclass(frozen=True)
class When:
    """`days` before today at a Central time of day."""

    days: int
    at: time = time(10, 12)

    def moment(self, now: datetime) -> datetime:
        """In the past also where today's time has not come yet."""
        then = datetime.combine(central_day(now) - timedelta(days=self.days), self.at, tzinfo=CENTRAL)
        # UTC: thirty days later is not the same time of day in Central where clocks change between (L2).
        return min(then.astimezone(UTC), now - timedelta(minutes=30))


@dataclass(frozen=True)
class Chapter:
    """Something that happens to a story's agreements on a day."""

    when: When
    happening: Callable[[Agreement, People, datetime], None]


@dataclass(frozen=True)
class Story:
    """A third party asks about one customer's places, and what becomes of it."""

    third_party: ThirdParty
    places: tuple[str, ...]
    asked: When
    report_type: ReportType
    report_length: ReportLength
    comments: str = ""
    resident: Resident | None = None
    chapters: tuple[Chapter, ...] = field(default=())


# --- What can happen --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answering:
    """How a customer answers: a registered one in the account, others by the link of the email."""

    channel: Channel
    by: User | None


def _answering(agreement: Agreement) -> Answering:
    customer: Customer | None = agreement.customer
    return Answering(Channel.ACCOUNT, customer.user) if customer else Answering(Channel.INVITATION, None)


def accepted(agreement: Agreement, people: People, at: datetime) -> None:
    customer = _answering(agreement)
    actions.accept(agreement, at=at, channel=customer.channel, by=customer.by)
    reports.generate_due_reports(limit=1, at=at + SOON)


def rejected(agreement: Agreement, people: People, at: datetime) -> None:
    customer = _answering(agreement)
    actions.reject(agreement, at=at, channel=customer.channel, by=customer.by)


def reminded(agreement: Agreement, people: People, at: datetime) -> None:
    actions.resend(agreement, by=agreement.initiated_by, at=at)


def withdrawn(agreement: Agreement, people: People, at: datetime) -> None:
    actions.withdraw(agreement, by=agreement.initiated_by, at=at)


def downloaded(agreement: Agreement, people: People, at: datetime) -> None:
    if agreement.report.state == ReportState.READY:
        record_download(agreement.report, by=agreement.initiated_by, at=at)


def not_answered(agreement: Agreement, people: People, at: datetime) -> None:
    at = max(at, agreement.expires_at + timedelta(minutes=1))  # an hour off where clocks changed
    actions.expire_overdue(premise_ids=[agreement.premise_id], at=at)


def _accepted(days: int, hour: int = 18, minute: int = 40) -> Chapter:
    return Chapter(When(days, time(hour, minute)), accepted)


def _downloaded(days: int, hour: int = 9, minute: int = 5) -> Chapter:
    return Chapter(When(days, time(hour, minute)), downloaded)


INTERVAL, DAILY, MONTHLY = ReportType.INTERVAL, ReportType.DAILY, ReportType.MONTHLY
ONE_DAY, ONE_MONTH, THREE_MONTHS = ReportLength.ONE_DAY, ReportLength.ONE_MONTH, ReportLength.THREE_MONTHS
SIX_MONTHS, ONE_YEAR = ReportLength.SIX_MONTHS, ReportLength.ONE_YEAR

STORIES = (
    # Still open: their invitations are in the mailbox.
    Story(BLUEBONNET, ("okafor",), When(0, time(8, 30)), INTERVAL, ONE_YEAR,
          "Hello Mr. Okafor, as discussed on Saturday: with a year of your usage we can size the heat pump."),
    Story(BLUEBONNET, ("lindqvist",), When(28, time(13, 37)), DAILY, SIX_MONTHS),
    Story(BLUEBONNET, ("garza",), When(5, time(15, 20)), INTERVAL, ONE_YEAR,
          "Para el presupuesto de los paneles solares.", resident=MARIA,
          chapters=(Chapter(When(2, time(9, 30)), reminded),)),
    Story(PERMIAN, ("bakery", "bakery cafe"), When(1, time(14, 3)), INTERVAL, SIX_MONTHS,
          "For the load study of your ovens.", resident=BAKERY),
    Story(PERMIAN, ("barbecue",), When(11, time(11, 6)), INTERVAL, THREE_MONTHS,
          chapters=(Chapter(When(4, time(11, 45)), reminded),)),
    # Accepted.
    Story(BLUEBONNET, ("whitfield",), When(22, time(9, 48)), INTERVAL, ONE_YEAR, "For your solar production report.",
          resident=GRACE, chapters=(_accepted(20), _downloaded(19), _downloaded(6, 16, 20))),
    Story(BLUEBONNET, ("gap",), When(9, time(16, 2)), INTERVAL, THREE_MONTHS,
          chapters=(_accepted(8, 7, 55), _downloaded(8))),
    Story(BLUEBONNET, ("vacant cottage",), When(17), INTERVAL, ONE_YEAR, chapters=(_accepted(15, 21, 10),)),
    Story(BLUEBONNET, ("new tenant",), When(7, time(8, 55)), INTERVAL, ONE_YEAR, chapters=(_accepted(5, 12, 31),)),
    Story(BLUEBONNET, ("castillo",), When(64, time(16, 44)), MONTHLY, ONE_YEAR,
          chapters=(_accepted(62), _downloaded(61))),
    Story(PERMIAN, ("bakery store",), When(34, time(15, 31)), DAILY, ONE_YEAR, resident=BAKERY,
          chapters=(_accepted(33, 5, 48), _downloaded(32))),
    Story(PERMIAN, ("estimated week",), When(13), INTERVAL, ONE_MONTH,
          chapters=(_accepted(12, 8, 20), _downloaded(12))),
    Story(PERMIAN, ("exchanged meter",), When(27, time(14, 25)), MONTHLY, ONE_YEAR, chapters=(_accepted(25, 13, 15),)),
    # Not to be.
    Story(BLUEBONNET, ("church",), When(40, time(11, 18)), DAILY, ONE_YEAR,
          chapters=(Chapter(When(38, time(9, 2)), rejected),)),
    Story(BLUEBONNET, ("pham",), When(52), INTERVAL, SIX_MONTHS, chapters=(
        Chapter(When(38, time(10, 0)), reminded), Chapter(When(22, time(10, 13)), not_answered))),
    Story(BLUEBONNET, ("mistyped",), When(16), INTERVAL, ONE_MONTH, "Dear Mrs. Kowalsky,",
          chapters=(Chapter(When(16, time(10, 31)), withdrawn),)),
    Story(PERMIAN, ("whitfield",), When(30, time(9, 9)), INTERVAL, ONE_YEAR, resident=GRACE,
          chapters=(Chapter(When(29, time(20, 15)), rejected),)),
    Story(PERMIAN, ("hartman",), When(63), INTERVAL, ONE_DAY,
          chapters=(Chapter(When(33, time(10, 13)), not_answered),)),
)  # fmt: skip


# --- Living them ------------------------------------------------------------------------------------------------


def live(people: People, places: dict[str, Place], now: datetime) -> list[Agreement]:
    """Let every story happen, the oldest first; the agreements come back."""
    agreements = []
    for story in sorted(STORIES, key=lambda story: story.asked.moment(now)):
        agreements += _live(story, people, places, now)
    reports.purge_files(at=now)
    return agreements


def _live(story: Story, people: People, places: dict[str, Place], now: datetime) -> list[Agreement]:
    asker = people.users[story.third_party.administrator.username]
    profile = story.third_party.administrator
    at = story.asked.moment(now)
    draft = start_draft(_question(story, places), by=asker, at=at - timedelta(minutes=2))
    contact = Contact(f"{profile.first_name} {profile.last_name}", profile.phone, profile.email)
    agreements = initiate(draft.pk, by=asker, contact=contact, comments=story.comments, attested=True, at=at).agreements
    for chapter in story.chapters:
        for agreement in agreements:
            chapter.happening(agreement, people, chapter.when.moment(now))
            agreement.refresh_from_db()
    for agreement in agreements:
        if agreement.status != Status.PENDING:
            _mark_sent(agreement)
    return agreements


def _mark_sent(agreement: Agreement) -> None:
    """The emails of an ended story went out in its days: only open invitations are for today's worker."""
    for email in Email.objects.about(agreement.number).only("key", "kind"):
        then: datetime | None = agreement.ended_at
        if email.kind == "EM201":
            then = agreement.initiated_at
        elif email.kind == "EM202":
            then = agreement.events.get(pk=email.key.rpartition(":")[2]).at
        elif email.kind == "EM204":
            then = agreement.report.made_at
        assert then is not None
        Email.objects.filter(pk=email.pk).update(
            queued_at=then, due_at=then, sent_at=then + SOON, state=EmailState.SENT, attempts=1
        )


def _question(story: Story, places: dict[str, Place]) -> AgreementRequest:
    first = places[story.places[0]]
    if story.resident:
        kind: CustomerKind = story.resident.kind
        person = Person(email=story.resident.profile.email)
    else:
        kind, person = person_of(story.places[0], first)
    return AgreementRequest(
        registered=story.resident is not None,
        kind=kind,
        person=person,
        rows=tuple(
            MeterRow(row, places[key].esiid, places[key].meter) for row, key in enumerate(story.places, start=1)
        ),
        report_type=story.report_type,
        report_length=story.report_length,
    )
