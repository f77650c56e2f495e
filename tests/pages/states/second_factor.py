"""The second factor."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests.pages.states.account import again, knows_password
from tests.pages.states.registry import state
from tests.pages.world import World
from tests.support.registration import PASSWORD


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
