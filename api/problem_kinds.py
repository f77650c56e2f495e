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
            "The cursor does not fit",
            "A cursor is good for 24 hours, that of the feed of events for 90 days, with the filters of the list that "
            "gave it. Begin at the first page.",
        ),
        ProblemKind(
            "invalid-header", 400, "A header has another form", "The detail names the header and what it may have."
        ),
        ProblemKind(
            "idempotency-key-missing",
            400,
            "The Idempotency-Key is missing",
            "Send one key for each request that you mean, such as a UUID, and the same one if you send it again.",
        ),
        ProblemKind(
            "secret-in-url",
            400,
            "A secret was in the address",
            "Addresses are kept in logs and histories. Send keys and tokens in the Authorization header only. If the "
            "address had a key of yours, we revoked it and told your company's administrators. Create a new key.",
        ),
        ProblemKind(
            "not-authenticated",
            401,
            "The key or token was not accepted",
            "Send Authorization: Bearer with a key or a token. The answer is the same for a missing, mistyped, "
            "expired, and revoked one. My Account / API shows the state of each key.",
        ),
        ProblemKind(
            "missing-scope",
            403,
            "The client has no permission for this",
            "The detail names the scope. An administrator of your company can add it on My Account / API. A token "
            "has the scopes that it was asked for.",
        ),
        ProblemKind(
            "test-key-only",
            403,
            "This is for test keys only",
            "The sandbox is used with a key that begins with smtp_test_. An administrator of your company creates one "
            "on My Account / API.",
        ),
        ProblemKind(
            "live-key-only",
            403,
            "Test keys are not accepted here",
            "The operator of this portal has turned off the sandbox. Use a live key, or the portal that you test with.",
        ),
        ProblemKind(
            "network-not-allowed",
            403,
            "The client is not allowed from this network",
            "The client accepts requests from certain networks only. An administrator of your company can change "
            "them on My Account / API.",
        ),
        ProblemKind(
            "company-pending",
            403,
            "The company is waiting for approval",
            "The operator of the portal reviews the company's profile. Reading works meanwhile.",
        ),
        ProblemKind(
            "company-suspended",
            403,
            "The company is suspended",
            "Agreements can be read as before. Reports can't be downloaded. The company's administrators can read the "
            "reason on Company Profile.",
        ),
        ProblemKind(
            "requests-paused",
            403,
            "New requests of the company are paused",
            "Several customers said that they don't know the company. The operator of the portal looks at it. "
            "Everything else works as before.",
        ),
        ProblemKind(
            "report-held",
            403,
            "The report is under review",
            "The utility or the operator of the portal reviews the customer's answer. The agreement's report.state "
            "says when that is over.",
        ),
        ProblemKind("not-found", 404, "There is nothing at this address", "Check the address against the reference."),
        ProblemKind(
            "no-authorization",
            404,
            "There is no letter of authorization",
            "A letter exists after the customer has accepted. The agreement's status says so.",
        ),
        ProblemKind(
            "no-report",
            404,
            "There is no report for this agreement",
            "A report is made after the customer has accepted, unless the answer was refused in a review. The "
            "agreement's status and report.state say so.",
        ),
        ProblemKind(
            "report-no-data",
            404,
            "There is no data for this report",
            "The utility had sent no readings for these days in time, or the customer's service has no complete day to "
            "report. The agreement's report.state is no_data.",
        ),
        ProblemKind(
            "no-such-format",
            404,
            "The report does not have this format",
            "Only 15-minute readings have a CSV with UTC times. The report's formats names what there is.",
        ),
        ProblemKind(
            "method-not-allowed", 405, "This address has no such method", "The Allow header lists the methods."
        ),
        ProblemKind(
            "not-pending",
            409,
            "The agreement is no longer pending",
            "agreement_status says what became of it. Read the agreement.",
        ),
        ProblemKind(
            "report-not-ready",
            409,
            "The report is not ready",
            "Try again when the agreement's report.state is ready. It can be waiting_for_data for days. If it is "
            "failed, the operator of the portal is looking into it.",
        ),
        ProblemKind(
            "request-in-progress",
            409,
            "The first request with this key is still running",
            "Send it again after the seconds that Retry-After names.",
        ),
        ProblemKind(
            "reminders-stopped",
            409,
            "The email cannot be resent",
            "The detail says why: the customer stopped reminders or wants no emails from the company, the portal just "
            "sent a reminder, or the email came back.",
        ),
        ProblemKind(
            "resend-too-soon",
            409,
            "The email cannot be resent yet",
            "The detail says when the next one is possible.",
        ),
        ProblemKind(
            "too-many-keys",
            409,
            "The client has two keys already",
            "A client can have two keys that work. Wait until the old one ends, or revoke one on My Account / API.",
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
            "Turn it on with PATCH and enabled true, and try again. Its disabled_reason says why it is off.",
        ),
        ProblemKind(
            "report-purged",
            410,
            "The report file was deleted",
            "Report files are kept for a time only. The manifest is kept longer.",
        ),
        ProblemKind("body-too-large", 413, "The body is too large", "Send a body of at most 256 KB."),
        ProblemKind(
            "range-not-satisfiable",
            416,
            "The file has no such part",
            "Content-Range says how many bytes the file has. Ask for a part of them, or leave Range out.",
        ),
        ProblemKind("unsupported-media-type", 415, "The body has another type", "Send Content-Type: application/json."),
        ProblemKind(
            "invalid-request",
            422,
            "The request has mistakes",
            "Each item of errors points to a field of the body or names a parameter, and says what is wrong.",
        ),
        ProblemKind(
            "unknown-field",
            422,
            "The request has a field that does not exist",
            "Each item of errors points to one. Check its spelling against the reference, or leave it out.",
        ),
        ProblemKind(
            "agreement-refused",
            422,
            "The agreement was not created",
            "Each item of errors points to a meter: mismatch (with the possible causes; the portal does not say which "
            "one applies), repeated, limit, or waiting (agreement_number is in the way). Nothing was created. The key "
            "may be used again.",
        ),
        ProblemKind(
            "attestation-missing",
            422,
            "The authorization was not attested",
            "Send attestation.holds_authorization true, if your company has the customer's authorization.",
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
            "The detail says why. The URL starts with https, has port 443 or a port of 1024 or above, no user name and "
            "no fragment, and every address of its host is on the public internet.",
        ),
        ProblemKind(
            "rate-limited",
            429,
            "Too many requests in this minute",
            "Wait until retry_at, which Retry-After repeats in seconds. The RateLimit header of each answer says how "
            "many requests are left.",
        ),
        ProblemKind(
            "authentication-limit",
            429,
            "Too many failed attempts from this network",
            "Send a key that works: it is accepted at once. Other attempts are answered again after retry_at.",
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
            "The daily limit of agreements is reached",
            "The detail says which limit: your company's, or that of the customer's mailbox. Try again tomorrow.",
        ),
        ProblemKind(
            "internal-error",
            500,
            "The portal failed",
            "It is our mistake, and it is in our log under the Request-Id. Try again later.",
        ),
        ProblemKind(
            "unavailable", 503, "The portal cannot answer now", "Try again after the seconds that Retry-After names."
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
