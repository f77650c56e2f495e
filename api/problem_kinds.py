"""The kinds of problems: code, status, title, and what a developer does about each (V13)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProblemKind:
    """One code: its status, its title, which never changes, and what a developer does about it."""

    code: str
    status: int
    title: str
    remedy: str


KINDS = {
    kind.code: kind
    for kind in (
        ProblemKind(
            "invalid-json", 400, "The body is not JSON", "Send a body in UTF-8 that is one JSON object, and try again."
        ),
        ProblemKind(
            "cursor-mismatch",
            400,
            "The cursor cannot be used",
            "A cursor works for 24 hours (90 days in the event feed), and only with the filters of its list. Start "
            "again from the first page.",
        ),
        ProblemKind(
            "invalid-header",
            400,
            "A header has the wrong format",
            "The detail names the header and says what it can contain.",
        ),
        ProblemKind(
            "idempotency-key-missing",
            400,
            "The Idempotency-Key is missing",
            "Send a new key, such as a UUID, with each new request, and the same key when you send a request again.",
        ),
        ProblemKind(
            "secret-in-url",
            400,
            "A secret was in the URL",
            "URLs are kept in logs and histories. Send keys and tokens only in the Authorization header. If the URL "
            "had one of your keys, we revoked it and told your company's administrators. Create a new key.",
        ),
        ProblemKind(
            "not-authenticated",
            401,
            "The key or token was not accepted",
            "Send Authorization: Bearer with a key or a token. The response is the same for a missing, mistyped, "
            "expired, or revoked key. My Account / API shows the state of each key.",
        ),
        ProblemKind(
            "missing-scope",
            403,
            "The client does not have permission for this",
            "The detail names the scope. An administrator of your company can add it on My Account / API. A token has "
            "only the scopes that were requested for it.",
        ),
        ProblemKind(
            "test-key-only",
            403,
            "This is for test keys only",
            "Use a key that begins with smtp_test_. An administrator of your company can create one on My Account / "
            "API.",
        ),
        ProblemKind(
            "live-key-only",
            403,
            "Test keys are not accepted here",
            "The operator of this portal has turned off the sandbox. Use a live key, or send the request to the "
            "portal that you use for tests.",
        ),
        ProblemKind(
            "network-not-allowed",
            403,
            "The client cannot be used from this network",
            "The client can be used only from certain networks. An administrator of your company can change them on "
            "My Account / API.",
        ),
        ProblemKind(
            "company-pending",
            403,
            "The company is waiting for approval",
            "The operator of this portal is reviewing the company's profile. You can read data in the meantime.",
        ),
        ProblemKind(
            "company-suspended",
            403,
            "The company is suspended",
            "You can still read agreements, but you can't create, resend, or withdraw them, or download reports. Your "
            "company's administrators can see the reason on Company Profile.",
        ),
        ProblemKind(
            "requests-paused",
            403,
            "New requests from the company are paused",
            "Several customers said that they don't know the company. The operator of this portal will look into it. "
            "Everything else works as before.",
        ),
        ProblemKind(
            "report-held",
            403,
            "The report is under review",
            "The utility or the operator of this portal is reviewing the customer's answer. Check the agreement's "
            "report.state for the result.",
        ),
        ProblemKind("not-found", 404, "There is nothing at this URL", "Check the URL against the reference."),
        ProblemKind(
            "no-authorization",
            404,
            "There is no letter of authorization",
            "There is a letter only after the customer accepts. Check the agreement's status.",
        ),
        ProblemKind(
            "no-report",
            404,
            "There is no report for this agreement",
            "We make a report after the customer accepts, unless a review refuses it. Check the agreement's status "
            "and report.state.",
        ),
        ProblemKind(
            "report-no-data",
            404,
            "There is no data for this report",
            "The utility didn't send readings for these days in time, or the customer's service has no complete day "
            "to report. The agreement's report.state is no_data.",
        ),
        ProblemKind(
            "no-such-format",
            404,
            "The report does not have this format",
            "Only 15-minute readings have a CSV with UTC times. The report's formats field lists the available "
            "formats.",
        ),
        ProblemKind(
            "method-not-allowed",
            405,
            "This URL does not support the method",
            "The Allow header lists the supported methods.",
        ),
        ProblemKind(
            "not-pending",
            409,
            "The agreement is no longer pending",
            "agreement_status has its current status. Read the agreement to see what happened.",
        ),
        ProblemKind(
            "report-not-ready",
            409,
            "The report is not ready",
            "Try again when the agreement's report.state is ready. It can stay waiting_for_data for days. If it is "
            "failed, the operator of this portal is looking into it.",
        ),
        ProblemKind(
            "request-in-progress",
            409,
            "The first request with this key is still running",
            "Send it again after the number of seconds in Retry-After.",
        ),
        ProblemKind(
            "reminders-stopped",
            409,
            "The email cannot be resent",
            "The detail says why: the customer stopped reminders or wants no emails from the company, the portal just "
            "sent a reminder, or the email couldn't be delivered.",
        ),
        ProblemKind(
            "resend-too-soon",
            409,
            "The email cannot be resent yet",
            "The detail says when you can send the next one.",
        ),
        ProblemKind(
            "too-many-keys",
            409,
            "The client already has two keys",
            "A client can have two active keys. Wait until the old one expires, or revoke one on My Account / API.",
        ),
        ProblemKind(
            "too-many-endpoints",
            409,
            "The client has too many webhook endpoints",
            "A client can have five. Delete one that you no longer use, or change its URL.",
        ),
        ProblemKind(
            "endpoint-disabled",
            409,
            "The webhook endpoint is turned off",
            "Turn it on by sending PATCH with enabled set to true, and try again. Its disabled_reason says why it is "
            "off.",
        ),
        ProblemKind(
            "report-purged",
            410,
            "The report file was deleted",
            "We keep report files for a limited time. We keep the manifest longer.",
        ),
        ProblemKind(
            "bulk-refused",
            422,
            "The bulk invitation was refused",
            "The detail says what to change in the file or its rows. Nothing was sent. If it says that the same rows "
            "were sent before, read the results of that bulk invitation.",
        ),
        ProblemKind("body-too-large", 413, "The body is too large", "Send a body of at most 256 KB."),
        ProblemKind(
            "range-not-satisfiable",
            416,
            "The file does not have this range",
            "Content-Range says how many bytes the file has. Send a range within them, or leave Range out.",
        ),
        ProblemKind(
            "unsupported-media-type", 415, "The body has the wrong type", "Send Content-Type: application/json."
        ),
        ProblemKind(
            "invalid-request",
            422,
            "The request has errors",
            "Each item in errors points to a field of the body or names a parameter, and says what is wrong.",
        ),
        ProblemKind(
            "unknown-field",
            422,
            "The request has a field that does not exist",
            "Each item in errors points to one. Check its spelling against the reference, or leave it out.",
        ),
        ProblemKind(
            "agreement-refused",
            422,
            "The agreement was not created",
            "Each item in errors points to a meter: mismatch (with the possible causes; the portal does not say which "
            "one applies), repeated, limit, or waiting (agreement_number is already waiting for an answer). Nothing "
            "was created. You can use the Idempotency-Key again. With a test key, only test ESIIDs match.",
        ),
        ProblemKind(
            "attestation-missing",
            422,
            "The authorization was not attested",
            "If your company has the customer's authorization, set attestation.holds_authorization to true.",
        ),
        ProblemKind(
            "idempotency-key-reused",
            422,
            "The Idempotency-Key was used for another body",
            "Use a new key for a new request.",
        ),
        ProblemKind(
            "webhook-url-refused",
            422,
            "Webhooks cannot be sent to this URL",
            "The detail says why. The URL must start with https and use port 443 or a port of 1024 or above. It can't "
            "have a user name or a fragment, and every address of its host must be on the public internet.",
        ),
        ProblemKind(
            "rate-limited",
            429,
            "Too many requests this minute",
            "Wait until retry_at. Retry-After has the same wait in seconds. The RateLimit header of each response "
            "says how many requests are left.",
        ),
        ProblemKind(
            "authentication-limit",
            429,
            "Too many failed attempts from this network",
            "Send a valid key. We still accept it right away. We refuse all other attempts until retry_at.",
        ),
        ProblemKind(
            "guessing-limit",
            429,
            "Too many entries did not match",
            "The detail says when to try again. Check ESIIDs and meter numbers on the customers' bills first.",
        ),
        ProblemKind(
            "initiation-limit",
            429,
            "The daily limit on agreements is reached",
            "The detail says whether it's the limit for your company or for the customer's mailbox. Try again "
            "tomorrow.",
        ),
        ProblemKind(
            "internal-error",
            500,
            "The portal had an error",
            "The error is on our side, and we logged it with the Request-Id. Try again later.",
        ),
        ProblemKind(
            "unavailable",
            503,
            "The portal is temporarily unavailable",
            "Try again after the number of seconds in Retry-After.",
        ),
    )
}
# For an answer of Django's own, which has only a status.
BY_STATUS = {
    400: "invalid-json",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    500: "internal-error",
    503: "unavailable",
}
