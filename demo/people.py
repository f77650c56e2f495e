"""The people of the demo: an operator, a TDSP's staff, three third parties, registered customers and neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils.functional import cached_property

from accounts.models import User
from agreements.request import Person
from companies.models import Company, CompanyStanding, Membership
from customers.models import Customer, CustomerKind, EsiidClaim
from demo import neighbors
from demo.neighborhood import AEP_CENTRAL, AEP_NORTH, CENTERPOINT, ONCOR, DemoPremise
from demo.providers import OF_RESIDENTS
from meters.models import Premise, Tdsp

PASSWORD = "armadillos-cross-at-dusk"

OPERATOR = "operator"
TDSP_STAFF = "centerpoint"


@dataclass(frozen=True)
class Profile:
    """A person who signs in."""

    username: str
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str = "en"


# Of every TDSP of the demo: User ID, name, email and phone.
STAFF = {
    CENTERPOINT: Profile(TDSP_STAFF, "Walter", "Boone", "walter.boone@centerpoint.example", "+17135550101"),
    ONCOR: Profile("oncor", "Janet", "Kessler", "janet.kessler@oncor.example", "+12145550102"),
    AEP_CENTRAL: Profile("aep-central", "Rubén", "Cavazos", "ruben.cavazos@aep-central.example", "+13615550103"),
    AEP_NORTH: Profile("aep-north", "Sue", "Lambert", "sue.lambert@aep-north.example", "+13255550104"),
}


@dataclass(frozen=True)
class ThirdParty:
    legal_name: str
    duns: str
    street: str
    city: str
    zip_code: str
    phone: str
    email: str
    privacy_policy_url: str
    standing: CompanyStanding
    administrator: Profile
    viewer: Profile | None = None
    initiator: Profile | None = None  # may initiate, and not download


@dataclass(frozen=True)
class Resident:
    """A registered customer and the keys of its premises; `claims` are not confirmed yet."""

    profile: Profile
    kind: CustomerKind
    places: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    company_name: str = ""
    title: str = ""


BLUEBONNET = ThirdParty(
    "Bluebonnet Home Energy LLC",
    "830412575",
    "1100 S Lamar Blvd",
    "Austin",
    "78704",
    "+15125550140",
    "data@bluebonnet-home.example",
    "https://bluebonnet-home.example/privacy",
    CompanyStanding.APPROVED,
    Profile("bluebonnet", "Laura", "Benavides", "laura.benavides@bluebonnet-home.example", "+15125550141"),
    Profile("bluebonnet-view", "Owen", "Marsh", "owen.marsh@bluebonnet-home.example", "+15125550142"),
    Profile("bluebonnet-ask", "Nadia", "Flores", "nadia.flores@bluebonnet-home.example", "+15125550143"),
)
PERMIAN = ThirdParty(
    "Permian Demand Response Inc.",
    "0781936640000",
    "303 W Wall St",
    "Midland",
    "79701",
    "+14325550160",
    "office@permian-dr.example",
    "",
    CompanyStanding.APPROVED,
    Profile("permian", "Derek", "Olsen", "derek.olsen@permian-dr.example", "+14325550161"),
    Profile("permian-view", "Priya", "Raman", "priya.raman@permian-dr.example", "+14325550162"),
)
LONE_STAR = ThirdParty(
    "Lone Star Rate Finder LLC",
    "617204883",
    "2800 Post Oak Blvd",
    "Houston",
    "77056",
    "+17135550180",
    "hello@lonestar-rates.example",
    "https://lonestar-rates.example/privacy",
    CompanyStanding.PENDING,
    Profile("lonestar", "Sam", "Whitaker", "sam.whitaker@lonestar-rates.example", "+17135550181"),
)
THIRD_PARTIES = (BLUEBONNET, PERMIAN, LONE_STAR)

GRACE = Resident(
    Profile("grace", "Grace", "Whitfield", "grace.whitfield@example.com", "+17135550120"),
    CustomerKind.RESIDENTIAL,
    ("whitfield",),
    title="Ms.",
)
MARIA = Resident(
    Profile("maria", "María Elena", "Garza", "maria.garza@example.com", "+19565550121", language="es"),
    CustomerKind.RESIDENTIAL,
    ("garza",),
    title="Sra.",
)
BAKERY = Resident(
    Profile("bakery", "Thomas", "Nguyen", "thomas@hill-country-bakery.example", "+15125550122"),
    CustomerKind.BUSINESS,
    ("bakery", "bakery cafe", "bakery store", "bakery kiosk"),
    company_name="Hill Country Bakery LLC",
)
LINH = Resident(
    Profile("linh", "Linh", "Pham", "linh.pham@example.org", "+12815550133"),
    CustomerKind.RESIDENTIAL,
    claims=("pham",),
)
# Both say that the hardware store's meter is theirs.
DALE = Resident(
    Profile("dale", "Dale", "Pruitt", "dale.pruitt@example.net", "+17135550124"),
    CustomerKind.RESIDENTIAL,
    claims=("estimated week",),
)
VIVIAN = Resident(
    Profile("vivian", "Vivian", "Tran", "manager@longpoint-hardware.example", "+17135550125"),
    CustomerKind.BUSINESS,
    claims=("estimated week",),
    company_name="Long Point Hardware",
)
RESIDENTS = (GRACE, MARIA, BAKERY, LINH, DALE, VIVIAN)

# Customers without an account, as third parties know them, by the key of their premise.
NEIGHBORS: dict[str, tuple[CustomerKind, Person]] = {
    key: (CustomerKind.BUSINESS if person.company_name else CustomerKind.RESIDENTIAL, person)
    for key, person in {
        "okafor": Person("chidi.okafor@example.com", "Chidi", "B", "Okafor", phone="+17135550131"),
        "lindqvist": Person("astrid.lindqvist@example.org", "Astrid", "", "Lindqvist", phone="+12145550132"),
        "gap": Person("ray.tolliver@example.net", "Ray", "J", "Tolliver", title="Mr."),
        "vacant cottage": Person("ines.cantu@example.com", "Inés", "", "Cantú", language="es"),
        "church": Person("office@butternut-church.example", "Ruth", "", "Abernathy",
                         company_name="Butternut Street Church"),
        "pham": Person("linh.pham@example.org", "Linh", "", "Pham", phone="+12815550133"),
        "mistyped": Person("j.kowalski@example.net", "Joanna", "", "Kowalski"),
        "new tenant": Person("marcus.bell@example.com", "Marcus", "", "Bell", phone="+12545550134"),
        "castillo": Person("rosario.castillo@example.com", "Rosario", "", "Castillo", language="es"),
        "estimated week": Person("manager@longpoint-hardware.example", "Vivian", "", "Tran",
                                 company_name="Long Point Hardware"),
        "exchanged meter": Person("books@sherwood-tax.example", "Carl", "D", "Hughes",
                                  company_name="Sherwood Tax & Payroll"),
        "barbecue": Person("smoke@franklin-pit.example", "Dolores", "", "King", company_name="Brazos Pit Barbecue"),
        "empty lot": Person("dot.hanley@example.net", "Dorothy", "", "Hanley"),
        "refused": Person("front.desk@bluebonnet-home.example", "Glenn", "", "Ahlgren"),
        "bounced": Person("wanda.pruitt@closed-mailbox.example", "Wanda", "", "Sikes"),
        "failed": Person("n.ortega@example.com", "Nestor", "", "Ortega"),
        "alvarado": Person("lupe.alvarado@example.com", "Guadalupe", "", "Alvarado", language="es"),
        "nakamura": Person("ken.nakamura@example.net", "Ken", "T", "Nakamura", phone="+17135550136"),
        "freeman": Person("tasha.freeman@example.org", "Tasha", "", "Freeman"),
        "hartman": Person("elsie.hartman@example.org", "Elsie", "", "Hartman", title="Mrs."),
    }.items()
}  # fmt: skip


class People:
    """Creates the demo's accounts. At `now` they are more than a year old, but for the company that waits."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.since = now - timedelta(days=400)
        self.users: dict[str, User] = {}
        self.companies: dict[str, Company] = {}
        self.customers: dict[str, Customer] = {}

    def create_all(self, premises: dict[str, Premise]) -> None:
        """Create all accounts; `premises` are those with a key, by key."""
        self._create_user(Profile(OPERATOR, "Olivia", "Reyes", "operator@smt-portal.example", "+15125550100"),
                  is_staff=True, is_superuser=True)  # fmt: skip
        for utility, profile in STAFF.items():
            self._create_user(profile, is_staff=True, tdsp=Tdsp.objects.get(duns=utility.duns))
        for third_party in THIRD_PARTIES:
            self._create_company(third_party)
        for resident in RESIDENTS:
            self._create_customer(resident, premises)

    @cached_property
    def _password(self) -> str:
        return make_password(PASSWORD)  # hashed once, because each hash takes a tenth of a second

    def _create_user(self, profile: Profile, **extra: object) -> User:
        user = User.objects.create(
            username=profile.username,
            first_name=profile.first_name,
            last_name=profile.last_name,
            email=profile.email,
            phone=profile.phone,
            language=profile.language,
            password=self._password,
            date_joined=self.since,
            **extra,
        )
        self.users[profile.username] = user
        return user

    def _create_company(self, third_party: ThirdParty) -> None:
        registered_at = self.now - timedelta(days=2) if third_party.standing == CompanyStanding.PENDING else self.since
        company = Company.objects.create(
            legal_name=third_party.legal_name,
            duns=third_party.duns,
            street=third_party.street,
            city=third_party.city,
            zip_code=third_party.zip_code,
            phone=third_party.phone,
            email=third_party.email,
            privacy_policy_url=third_party.privacy_policy_url,
            standing=third_party.standing,
            registered_at=registered_at,
        )
        self.companies[third_party.legal_name] = company
        Membership.objects.create(
            user=self._create_user(third_party.administrator),
            company=company,
            is_administrator=True,
            may_initiate=True,
            may_resend_or_withdraw=True,
            may_download=True,
            approved_at=registered_at,
        )
        if third_party.viewer:
            Membership.objects.create(
                user=self._create_user(third_party.viewer), company=company, approved_at=registered_at
            )
        if third_party.initiator:
            Membership.objects.create(
                user=self._create_user(third_party.initiator),
                company=company,
                may_initiate=True,
                approved_at=registered_at,
            )

    def _create_customer(self, resident: Resident, premises: dict[str, Premise]) -> None:
        customer = Customer.objects.create(
            user=self._create_user(resident.profile),
            kind=resident.kind,
            company_name=resident.company_name,
            title=resident.title,
        )
        self.customers[resident.profile.username] = customer
        for key in resident.places:
            EsiidClaim.objects.create(
                customer=customer,
                premise=premises[key],
                since=self.since,
                provider_entered=OF_RESIDENTS,
                provider_matches=True,
            )


def person_of(key: str, place: DemoPremise) -> tuple[CustomerKind, Person]:
    """Return the unregistered customer of a premise as a third party would type it."""
    kind, person = NEIGHBORS[key] if key in NEIGHBORS else neighbors.PEOPLE[key]
    return kind, Person(
        **{
            **vars(person),
            "street": " ".join(part.title() for part in (place.address, place.address_overflow) if part),
            "city": place.city.title(),
            "state": "TX",
            "zip_code": place.zip_code,
        }
    )
