"""The states of pages that a plain GET does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import Holding, Registration, User
from agreements import deciding
from agreements.models import Agreement
from agreements.states import Channel
from notices.models import Notice
from notifications.models import Email
from smt_portal import errors
from tests.accounts.registering import PASSWORD, confirmation_link, register
from tests.agreements.typed import PAGE_2, page_1, rows
from tests.factories import AgreementFactory, HoldingFactory, MeterFactory, UserFactory
from tests.pages.world import World, accepted, pending, token

Open = Callable[[Client, World], Any]
_STATES: list[tuple[str, str, str, Open]] = []


def state(name: str, role: str, what: str) -> Callable[[Open], Open]:
    """The page of URL `name` as `role` sees it, `what` says in which state."""

    def add(open_page: Open) -> Open:
        _STATES.append((name, role, what, open_page))
        return open_page

    return add


def states() -> Iterator[tuple[str, str, str, Open]]:
    return iter(_STATES)


def at(name: str, *args: Any) -> Open:
    return lambda client, world: client.get(reverse(name, args=[world.get(arg, arg) for arg in args]))


def sent(name: str, *args: Any, **data: str) -> Open:
    return lambda client, world: client.post(reverse(name, args=[world.get(arg, arg) for arg in args]), data)


# --- The decision link ------------------------------------------------------------------------------------------


def _decided(decision: str, *, registered: bool) -> Open:
    def open_page(client: Client, world: World) -> Any:
        link = reverse("invitation", args=[token(pending(world, registered=registered))])
        return client.post(link, {"decision": decision}, follow=True)

    return open_page


for _decision in ("accept", "reject"):
    state("invitation", "anonymous", f"{_decision}ed by a stranger")(_decided(_decision, registered=False))
    state("invitation", "anonymous", f"{_decision}ed by a registered customer")(_decided(_decision, registered=True))
state("invitation", "anonymous", "forged")(at("invitation", "A" * 43))


@state("invitation", "anonymous", "of a stranger, without a privacy policy")
def _bare_invitation(client: Client, world: World) -> Any:
    return client.get(reverse("invitation", args=[token(pending(world, privacy_policy_url=""))]))


@state("invitation", "anonymous", "nothing chosen")
def _nothing_chosen(client: Client, world: World) -> Any:
    return client.post(reverse("invitation", args=[world["token"]]))


@state("invitation", "anonymous", "expired")
def _expired(client: Client, world: World) -> Any:
    old = timezone.now() - timedelta(days=31)
    agreement = pending(world, initiated_at=old, expires_at=old + timedelta(days=30))
    return client.get(reverse("invitation", args=[token(agreement)]))


@state("invitation", "anonymous", "withdrawn")
def _withdrawn(client: Client, world: World) -> Any:
    agreement = pending(world)
    deciding.withdraw(agreement, by=world["member"])
    return client.get(reverse("invitation", args=[token(agreement)]))


@state("invitation", "anonymous", "decided otherwise meanwhile")
def _decided_otherwise(client: Client, world: World) -> Any:
    agreement = pending(world)
    deciding.reject(agreement, channel=Channel.INVITATION)
    return client.post(reverse("invitation", args=[token(agreement)]), {"decision": "accept"})


@state("invitation_authorization", "anonymous", "accepted")
def _letter(client: Client, world: World) -> Any:
    agreement = accepted(world, registered=False)
    return client.get(reverse("invitation_authorization", args=[token(agreement)]))


state("customer_authorization", "customer", "accepted")(at("customer_authorization", "accepted"))
state("agreement_authorization", "member", "accepted")(at("agreement_authorization", "accepted"))

# --- Registration -----------------------------------------------------------------------------------------------


@state("invitation_register", "anonymous", "filled in from the request")
def _invited(client: Client, world: World) -> Any:
    return client.get(reverse("invitation_register", args=[token(pending(world))]))


state("register_as", "anonymous", "business")(at("register_as", "business"))
state("register_as", "anonymous", "sent empty")(sent("register_as", "business"))
state("register_as", "customer", "already signed in")(at("register_as", "residential"))


@state("register_as", "anonymous", "wrong in everything")
def _wrong_in_everything(client: Client, world: World) -> Any:
    wrong = {"phone": "12", "phone_extension": "x", "email": "nobody", "username": "?", "password1": "rosarosarosarosa"}
    wrong |= {
        "first_name": "R\u200b",
        "middle_initial": "Mm",
        "esiid": "1044",
        "meter_number": "?" * 21,
        "language": "fr",
    }
    return register(client, None, **wrong)


@state("register_as", "anonymous", "two that differ")
def _two_that_differ(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), email_again="other@example.net", password2="another")


@state("register_as", "anonymous", "password too short")
def _short_password(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), password1="12345678", password2="12345678")


@state("register_as", "anonymous", "no match")
def _no_match(client: Client, world: World) -> Any:
    return register(client, None, esiid="10443729999999999", meter_number="1")


@state("register_as", "anonymous", "too many that did not match")
def _too_many(client: Client, world: World) -> Any:
    for number in range(10):
        register(client, None, esiid=f"1044372111111{number:04d}", meter_number="1")
    return register(client, MeterFactory())


@state("register_as", "anonymous", "user id taken")
def _user_id_taken(client: Client, world: World) -> Any:
    return register(client, MeterFactory(), username=UserFactory().username)


@state("register_as", "anonymous", "too many emails")
def _too_many_emails(client: Client, world: World) -> Any:
    for _each in range(5):
        register(client, MeterFactory())
    return register(client, MeterFactory())


def _registered(client: Client) -> str:
    register(client, MeterFactory(), language=client.cookies["django_language"].value)
    return confirmation_link()


@state("register_confirm", "anonymous", "to be confirmed")
def _to_be_confirmed(client: Client, world: World) -> Any:
    return client.get(_registered(client))


@state("register_confirm", "anonymous", "confirmed")
def _confirmed(client: Client, world: World) -> Any:
    return client.post(_registered(client))


@state("register_confirm", "anonymous", "unknown")
def _unknown_registration(client: Client, world: World) -> Any:
    return client.get(reverse("register_confirm", args=["A" * 43]))


@state("register_confirm", "anonymous", "too late")
def _late_registration(client: Client, world: World) -> Any:
    link = _registered(client)
    Registration.objects.update(asked_at=timezone.now() - timedelta(days=4))
    return client.get(link)


@state("register_confirm", "anonymous", "ESIID taken meanwhile")
def _esiid_taken(client: Client, world: World) -> Any:
    link = _registered(client)
    HoldingFactory(premise_id=Registration.objects.latest("pk").premise_id)
    return client.post(link)


@state("register_confirm", "anonymous", "user id taken meanwhile")
def _id_taken_meanwhile(client: Client, world: World) -> Any:
    link = _registered(client)
    UserFactory(username=Registration.objects.latest("pk").username)
    return client.post(link)


@state("register_confirm", "anonymous", "email taken meanwhile")
def _email_taken_meanwhile(client: Client, world: World) -> Any:
    link = _registered(client)
    UserFactory(email=Registration.objects.latest("pk").email)
    return client.post(link)


# --- A customer's account ---------------------------------------------------------------------------------------

for _status in ("rejected", "withdrawn", "not_accepted"):

    @state("customer_agreement", "customer", _status)
    def _ended(client: Client, world: World, status: str = _status) -> Any:
        found = Agreement.objects.filter(customer=world["customer"].customer, status=status)[0]
        return client.get(reverse("customer_agreement", args=[found.number]))


for _state in ("overdue", "report ready", "report no_data", "report failed", "report purged", "review held",
               "review refused"):  # fmt: skip

    @state("customer_agreement", "customer", _state)
    def _reported(client: Client, world: World, which: str = _state) -> Any:
        return client.get(reverse("customer_agreement", args=[world["states"][which]]))


@state("customer_agreement", "customer", "just accepted")
def _just_accepted(client: Client, world: World) -> Any:
    return client.post(reverse("customer_decide", args=[world["number"]]), {"decision": "accept"}, follow=True)


@state("customer_agreement", "customer", "decided too late")
def _too_late(client: Client, world: World) -> Any:
    address = reverse("customer_decide", args=[world["states"]["overdue"]])
    return client.post(address, {"decision": "accept"}, follow=True)


@state("customer_agreement", "customer", "decided already")
def _decided_already(client: Client, world: World) -> Any:
    return client.post(reverse("customer_decide", args=[world["accepted"]]), {"decision": "reject"}, follow=True)


@state("customer_agreements", "customer", "on two pages")
def _many(client: Client, world: World) -> Any:
    AgreementFactory.create_batch(26, customer=world["customer"].customer)
    return client.get(reverse("customer_agreements"))


state("report_download", "customer", "not allowed")(at("report_download", "number"))
state("report_manifest", "customer", "not allowed")(at("report_manifest", "accepted"))
state("customer_profile", "customer", "sent empty")(sent("customer_profile"))
state("customer_profile", "customer", "wrong")(
    sent("customer_profile", first_name="R" * 200, phone="12", middle_initial="1")
)


@state("customer_profile", "customer", "saved")
def _saved(client: Client, world: World) -> Any:
    answers = {"first_name": "Chika", "last_name": "Akin", "language": client.cookies["django_language"].value}
    return client.post(reverse("customer_profile"), answers, follow=True)


@state("customer_profile", "customer", "without a meter")
def _without_meter(client: Client, world: World) -> Any:
    Holding.objects.update(until=timezone.now())
    return client.get(reverse("customer_profile"))


state("customer_add_meter", "customer", "sent empty")(sent("customer_add_meter"))
state("customer_add_meter", "customer", "no match")(
    sent("customer_add_meter", esiid="10443729999999999", meter_number="1")
)


@state("customer_add_meter", "customer", "added")
def _added(client: Client, world: World) -> Any:
    meter = MeterFactory()
    pair = {"esiid": meter.premise.esiid, "meter_number": meter.number}
    return client.post(reverse("customer_add_meter"), pair, follow=True)


@state("home", "customer", "nothing waits")
def _nothing_waits(client: Client, world: World) -> Any:
    deciding.reject(Agreement.objects.get(number=world["number"]), channel=Channel.ACCOUNT)
    for notice in Notice.objects.all():
        client.get(reverse("notice", args=[notice.pk]))
    return client.get(reverse("home"))


# --- Signing in -------------------------------------------------------------------------------------------------


def knows_password(user: User) -> None:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def again(client: Client, user: User, address: str) -> Any:
    """GET `address` after typing the password again."""
    knows_password(user)
    client.force_login(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client.get(address)


state("account_login", "anonymous", "sent empty")(sent("account_login"))
state("account_login", "anonymous", "wrong")(sent("account_login", login="rosa", password="wrong one, long enough"))
state("account_login", "anonymous", "wrong email")(sent("account_login", login="a@example.net", password="x"))
state("account_reset_password", "anonymous", "sent empty")(sent("account_reset_password"))
state("account_reset_password", "anonymous", "no email")(sent("account_reset_password", email="nobody"))
state("account_reauthenticate", "customer", "wrong")(sent("account_reauthenticate", password="wrong"))
state("account_change_password", "customer", "sent empty")(sent("account_change_password"))
state("account_email", "customer", "sent empty")(sent("account_email", action_add=""))
state("account_email", "customer", "no email")(sent("account_email", action_add="", email="nobody"))


@state("account_change_password", "customer", "wrong")
def _wrong_password(client: Client, world: World) -> Any:
    wrong = {"oldpassword": "wrong", "password1": "12345678", "password2": "123"}
    return client.post(reverse("account_change_password"), wrong)


@state("account_change_password", "customer", "changed")
def _changed_password(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    client.force_login(world["customer"])
    new = "another porch, another swing"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    return client.post(reverse("account_change_password"), typed, follow=True)


@state("account_set_password", "customer", "none yet")
def _set_password(client: Client, world: World) -> Any:
    world["customer"].set_unusable_password()
    world["customer"].save(update_fields=["password"])
    client.force_login(world["customer"])
    return client.post(reverse("account_set_password"), {"password1": "short"})


@state("account_email", "customer", "waits for confirmation")
def changed_email(client: Client, world: World) -> Any:
    again(client, world["customer"], reverse("account_email"))
    return client.post(reverse("account_email"), {"action_add": "", "email": "new@example.net"}, follow=True)


def _link_of(kind: str, part: str) -> str:
    text = Email.objects.filter(kind=kind).latest("pk").text
    return next(word for word in text.split() if part in word)


@state("account_confirm_email", "customer", "to be confirmed")
def _confirm_email(client: Client, world: World) -> Any:
    changed_email(client, world)
    return client.get(_link_of("EMAIL_CONFIRMATION", "confirm-email"))


@state("account_confirm_email", "customer", "of another account meanwhile")
def _email_of_another(client: Client, world: World) -> Any:
    changed_email(client, world)
    UserFactory(email="new@example.net")
    return client.post(_link_of("EMAIL_CONFIRMATION", "confirm-email"), follow=True)


@state("account_reset_password_from_key", "anonymous", "a new password")
def _reset(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    client.post(reverse("account_reset_password"), {"email": world["customer"].email})
    return client.get(_link_of("PASSWORD_RESET", "/key/"), follow=True)


@state("account_reset_password_from_key", "anonymous", "too short")
def _reset_short(client: Client, world: World) -> Any:
    address = _reset(client, world).redirect_chain[-1][0]
    return client.post(address, {"password1": "short", "password2": "other"})


@state("account_confirm_login_code", "anonymous", "no code asked for")
def _no_code(client: Client, world: World) -> Any:
    return client.get(reverse("account_confirm_login_code"), follow=True)


@state("usersessions_list", "customer", "two browsers")
def _two_browsers(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    for browser in (Client(headers={"user-agent": "Firefox"}), client):
        browser.post(reverse("account_login"), {"login": world["customer"].username, "password": PASSWORD})
        browser.get(reverse("home"))
    return client.get(reverse("usersessions_list"))


# --- The second factor ------------------------------------------------------------------------------------------


def passkey() -> dict[str, Any]:
    """What a passkey leaves in the database when it is set up."""
    public_key = {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32}
    data = AttestedCredentialData.create(Aaguid(b"\0" * 16), b"one key", CoseKey(public_key))
    seen = AuthenticatorData.create(b"\0" * 32, AuthenticatorData.FLAG.AT, 0, data)
    asked = CollectedClientData.create(CollectedClientData.TYPE.CREATE, b"challenge", "https://portal.example")
    answer = {
        "clientDataJSON": asked.b64,
        "attestationObject": websafe_encode(AttestationObject.create("none", seen, {})),
    }
    key = {"id": websafe_encode(b"one key"), "rawId": websafe_encode(b"one key"), "type": "public-key"}
    return {"name": "Teléfono", "credential": key | {"response": answer, "clientExtensionResults": {}}}


def with_app(world: World) -> None:
    TOTP.activate(world["customer"], generate_totp_secret())
    RecoveryCodes.activate(world["customer"])


for _name in ("mfa_activate_totp", "mfa_add_webauthn"):

    @state(_name, "customer", "after the password")
    def _factor_form(client: Client, world: World, name: str = _name) -> Any:
        return again(client, world["customer"], reverse(name))


for _name in ("mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp",
              "mfa_reauthenticate", "mfa_list_webauthn"):  # fmt: skip

    @state(_name, "customer", "with an app")
    def _factor_page(client: Client, world: World, name: str = _name) -> Any:
        again(client, world["customer"], reverse("home"))
        with_app(world)
        return client.get(reverse(name))


for _name in ("mfa_list_webauthn", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn"):

    @state(_name, "customer", "with a key")
    def _key_page(client: Client, world: World, name: str = _name) -> Any:
        again(client, world["customer"], reverse("home"))
        with_app(world)
        key = Authenticator.objects.create(user=world["customer"], type=Authenticator.Type.WEBAUTHN, data=passkey())
        return client.get(reverse(name, args=[key.pk] if name in ("mfa_remove_webauthn", "mfa_edit_webauthn") else []))


@state("mfa_activate_totp", "customer", "wrong code")
def _wrong_code(client: Client, world: World) -> Any:
    again(client, world["customer"], reverse("mfa_activate_totp"))
    return client.post(reverse("mfa_activate_totp"), {"code": "000000"})


@state("mfa_authenticate", "anonymous", "asked for")
def _asked_for(client: Client, world: World) -> Any:
    knows_password(world["customer"])
    with_app(world)
    client.post(reverse("account_login"), {"login": world["customer"].username, "password": PASSWORD})
    return client.get(reverse("mfa_authenticate"))


@state("mfa_authenticate", "anonymous", "wrong code")
def _wrong_code_asked(client: Client, world: World) -> Any:
    _asked_for(client, world)
    return client.post(reverse("mfa_authenticate"), {"code": "000000"})


# --- What went wrong --------------------------------------------------------------------------------------------


@state("home", "anonymous", "no such page")
def _no_such_page(client: Client, world: World) -> Any:
    return client.get("/there/is/no/such/page/")


@state("account_login", "anonymous", "a form from elsewhere")
def _form_from_elsewhere(client: Client, world: World) -> Any:
    strict = Client(enforce_csrf_checks=True, headers=client.defaults and {})
    strict.cookies = client.cookies
    return strict.post(reverse("account_login"), {"login": "a", "password": "b"})


for _error in (errors.bad_request, errors.permission_denied):

    @state("home", "anonymous", _error.__name__)
    def _refused(client: Client, world: World, error: Any = _error) -> Any:
        return error(RequestFactory().get("/"), Exception())


@state("home", "anonymous", "our own failure")
def _failure(client: Client, world: World) -> Any:
    return errors.server_error(RequestFactory().get("/"))


# --- The third party --------------------------------------------------------------------------------------------

state("agreements", "member", "nothing found")(
    lambda client, world: client.get(reverse("agreements"), {"status": "complete", "report": "waiting"})
)
state("agreement_new", "member", "sent empty")(sent("agreement_new", **rows()))


@state("agreements", "member", "search")
def _search(client: Client, world: World) -> Any:
    AgreementFactory.create_batch(26, company=world["member"].membership.company)
    return client.get(reverse("agreements"))


@state("agreements", "member", "found on two pages")
def _found(client: Client, world: World) -> Any:
    _search(client, world)
    return client.get(reverse("agreements"), {"by": "number", "q": "102*", "search": "number", "items": "102*"})


@state("agreement_new", "member", "no match")
def _third_party_no_match(client: Client, world: World) -> Any:
    meter = MeterFactory()
    meter.number = "999"
    return client.post(reverse("agreement_new"), page_1(meter))


@state("agreement_review", "member", "not attested")
def _not_attested(client: Client, world: World) -> Any:
    return client.post(reverse("agreement_review", args=[world["draft"]]), PAGE_2 | {"attested": ""})


for _state in ("overdue", "report ready", "report no_data", "report failed", "report purged", "review held",
               "review refused"):  # fmt: skip

    @state("agreement", "member", _state)
    def _detail(client: Client, world: World, which: str = _state) -> Any:
        return client.get(reverse("agreement", args=[world["states"][which]]))


@state("report_download", "member", "not there")
def _not_there(client: Client, world: World) -> Any:
    return client.get(reverse("report_download", args=[world["number"]]))
