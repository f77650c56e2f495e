"""An email to be queued, as the apps describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

from lib import link_tokens


@dataclass(frozen=True)
class TokenLink:
    """A link with a token. Templates show `link_token`, which is derived from `nonce` when the email is sent (X5)."""

    nonce: bytes | memoryview
    purpose: ClassVar[str]
    variable: ClassVar[str] = "link_token"

    def columns(self) -> dict[str, Any]:
        return {"link_nonce": bytes(self.nonce), "link_purpose": self.purpose}


class DecisionLink(TokenLink):
    purpose = link_tokens.DECISION_LINK


class AccountLink(TokenLink):
    purpose = link_tokens.ACCOUNT_LINK


@dataclass(frozen=True)
class FixedLink:
    """A whole link that cannot be derived again. Templates show `link_url`; the row keeps it encrypted until sent."""

    url: str
    variable: ClassVar[str] = "link_url"

    def columns(self) -> dict[str, Any]:
        return {"link_secret": link_tokens.encrypt_link(self.url)}


@dataclass(frozen=True, kw_only=True)
class OutgoingEmail:
    """`kind` also names the templates emails/<kind>.txt and .html, unless `template` names others.

    An email whose `key` was queued before is not queued again. `about` is an agreement number or empty. A lazy
    `subject` is translated into `language`. `attachment` is the file name and the bytes of a PDF.
    """

    kind: str
    key: str
    to: str
    language: str
    subject: str | Promise
    context: Mapping[str, Any]
    about: str = ""
    template: str = ""
    attachment: tuple[str, bytes] | None = None
    link: DecisionLink | AccountLink | FixedLink | None = None
