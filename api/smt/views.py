"""How messages arrive and are answered: only by POST, with a token, in any letter case (M1, M3 to M5, M21, M22)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from api.authentication import Caller, authenticate, authenticate_pair, refuse_excess
from api.problems import ApiProblem
from api.request_limits import DOWNLOAD, READ, TOKEN, WRITE, count_request
from api.smt import agreements, readings
from api.smt.failures import SmtFailure, failure_response, success_response
from api.smt.message import SmtMessage
from api.tokens import issue_token
from api.v1.agreements import MANAGING, READING
from api.v1.creation import CREATING
from api.v1.reports import DOWNLOADING
from lib.central_time import CENTRAL, utc_or_now


@dataclass(frozen=True)
class SmtOperation:
    """One message: its name as documented, its function, and the scopes and the limit of requests that it needs.

    The function returns the fields of the answer beside trans_id, or a whole answer.
    """

    name: str
    answer: Callable[[HttpRequest, Caller, SmtMessage], dict[str, Any] | HttpResponseBase]
    scopes: tuple[str, ...] = (READING,)
    policy: str = READ


OPERATIONS = {
    operation.name.lower(): operation
    for operation in (
        SmtOperation("NewAgreement", agreements.new_agreement, (READING, CREATING), WRITE),
        SmtOperation("myagreements", agreements.my_agreements),
        SmtOperation("AgreementESIIDs", agreements.agreement_esiids),
        SmtOperation("Terminateagreement", agreements.terminate_agreement, (READING, MANAGING), WRITE),
        SmtOperation("reportrequeststatus", agreements.report_request_status),
        *(
            SmtOperation(name, answer, (READING, DOWNLOADING), DOWNLOAD)
            for name, answer in (
                ("15minintervalreads", readings.interval_reads),
                ("dailyreads", readings.daily_reads),
                ("monthlybillingInformation", readings.monthly_billing),
                ("energydata", readings.energy_data),
                ("greenbutton", readings.green_button),
                ("premiseInfo", readings.premise_info),
                ("meterInfo", readings.meter_info),
            )
        ),
        SmtOperation("Mysubscriptions", agreements.my_subscriptions),
        *(
            SmtOperation(name, agreements.refuse_subscription)
            for name in ("NewSubscription", "Subscription", "UnSubscription", "odr", "odrstatus")
        ),
    )
}
_TOKEN_NAME = "token"
_NO_ADDRESS = "This URL does not exist. Customers can see their usage in the portal."


@csrf_exempt
def smt_message(request: HttpRequest, rest: str | None = None) -> HttpResponseBase:
    """Answer one message."""
    try:
        return _answer(request, [part for part in (rest or "").split("/") if part])
    except (SmtFailure, ApiProblem) as failure:
        return failure_response(request, failure)
    except Http404:
        return failure_response(request, ApiProblem("not-found", "Your company has no such agreement."))


def _answer(request: HttpRequest, parts: list[str]) -> HttpResponseBase:
    *version, name = [part.lower() for part in parts] or [""]
    operation = OPERATIONS.get(name)
    if version not in ([], ["v2"]) or (operation is None and name != _TOKEN_NAME):
        names = ", ".join([_TOKEN_NAME, *(each.name for each in OPERATIONS.values())])
        raise SmtFailure(404, "", f"This URL does not exist. These exist under /smt/v2/: {names}.")
    if not version:
        raise SmtFailure(410, "", f"Use /smt/v2/{operation.name if operation else _TOKEN_NAME}/.")
    if request.method != "POST":
        raise SmtFailure(405, "", "Send this message with POST.", headers={"Allow": "POST"})
    if operation is None:
        return _issue_token(request)
    if not request.headers.get("Authorization"):
        raise SmtFailure(403, "", "Authorization header is missing.")
    caller = authenticate(request)
    for header in ("username", "serviceId"):
        if request.headers.get(header, caller.client.client_id).strip().upper() != caller.client.client_id.upper():
            raise SmtFailure(403, "", f"The header {header} does not name the client of the token.")
    counted = count_request(caller.client, operation.policy)
    message = SmtMessage.parse(request.body)
    request.trans_id = message.trans_id()  # type: ignore[attr-defined]  # read by failure_response
    refuse_excess(request, counted)
    for scope in operation.scopes:
        if scope not in caller.scopes:
            raise ApiProblem("missing-scope", f"This needs the scope {scope}.")
    message.require_common_fields(caller)
    answer = operation.answer(request, caller, message)
    if isinstance(answer, dict):
        return success_response({"trans_id": message.trans_id(), **answer})
    return answer


def _issue_token(request: HttpRequest) -> HttpResponse:
    """Issue a token for the client's id and a key in the body; a Basic header sent along is ignored (M3)."""
    try:
        message = SmtMessage.parse(request.body)
        username, password = message.text("username"), message.text("password")
    except SmtFailure as mistake:
        raise SmtFailure(400, "", "Please provide username and password as JSON.") from mistake
    for name, value in (("username", username), ("password", password)):
        if not value:
            raise SmtFailure(400, "", f"Please provide {name}.")
    caller = authenticate_pair(request, username, password)
    if caller is None:
        raise SmtFailure(401, "", "Incorrect username or password.")
    refuse_excess(request, count_request(caller.client, TOKEN))
    token, issued_at = issue_token(caller.key, caller.scopes), utc_or_now()
    expires_at = issued_at + timedelta(seconds=token.seconds)
    # Central times without a zone: a public program compares them with its own clock's and fails at an offset.
    issued, expires = (f"{at.astimezone(CENTRAL):%m/%d/%Y %H:%M:%S}" for at in (issued_at, expires_at))
    times = {"expiresIn": str(token.seconds), "issuedAt": issued, "expiresAt": expires}
    return success_response({"statusCode": 200, "accessToken": token.text, "tokenType": "Bearer", **times})


@csrf_exempt
def customer_interface(request: HttpRequest, **_path: Any) -> HttpResponse:
    """Answer programs of customers, which sign in with the customer's password: not here (M22)."""
    return JsonResponse({"message": _NO_ADDRESS}, status=404)
