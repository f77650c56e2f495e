"""The client: one object for one key, which repeats what is safe to repeat and returns dataclasses."""

from __future__ import annotations

import base64
import hashlib
import random
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

import httpx

from smt_agreements.models import Agreement, AgreementRequest, CheckedMeter, Event, Report, from_json
from smt_agreements.problems import ApiProblem, DownloadDamaged, NoReport, problem_of

FileName = Literal["usage.csv", "usage-utc.csv", "usage.json", "usage.xml"]
_NO_REPORT_STATES = ("no_data", "refused", "purged")


class Client:
    """The API of the portal at `origin`, with a key from My Account / API.

    A request is repeated up to `retries` times after 429 and 503 responses, and after network errors, 502 and 504 if
    that cannot do anything twice. Between two tries, the client waits as long as Retry-After says. If that is
    longer than `longest_wait` seconds, it raises the problem instead. Use it as a context manager, or call `close`.
    """

    def __init__(
        self, origin: str, key: str, *, retries: int = 4, longest_wait: float = 90, timeout: float = 60
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "smt-agreements/0.1"}
        self._http = httpx.Client(base_url=f"{origin.rstrip('/')}/api/v1", headers=headers, timeout=timeout)
        self._retries, self._longest_wait = retries, longest_wait

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def check_agreements(self, request: AgreementRequest) -> list[CheckedMeter]:
        """Check a request without creating anything. Failed matches count toward the daily limits."""
        return from_json(list[CheckedMeter], self.request("POST", "/agreements", request.body(dry_run=True))["data"])

    def create_agreements(self, request: AgreementRequest, *, idempotency_key: str | None = None) -> list[Agreement]:
        """Create an agreement for each meter, or none. With a live key, the customer gets an email.

        The same key and request never create a second agreement. Without `idempotency_key`, this call makes one, which
        covers its own retries. To be safe if your program ends in the middle, send a key that you keep, such as an
        order number of 8 or more characters.
        """
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        answer = self.request("POST", "/agreements", request.body(), headers=headers, is_repeatable=True)
        return from_json(list[Agreement], answer["data"])

    def agreement(self, number: str) -> Agreement:
        """Read one agreement, with its timeline."""
        return from_json(Agreement, self.request("GET", f"/agreements/{number}"))

    def agreements(
        self,
        *,
        status: Sequence[str] = (),
        report_state: Sequence[str] = (),
        initiated_from: datetime | None = None,
        initiated_before: datetime | None = None,
        changed_from: datetime | None = None,
        external_id: str | None = None,
    ) -> Iterator[Agreement]:
        """Yield your company's agreements, newest first. The times need a time zone."""
        filters: dict[str, Any] = {"status": list(status), "report_state": list(report_state), "limit": 200}
        times = {"initiated_from": initiated_from, "initiated_before": initiated_before, "changed_from": changed_from}
        filters |= {name: at.isoformat() for name, at in times.items() if at}
        filters |= {"external_id": external_id} if external_id else {}
        while True:
            page = self.request("GET", "/agreements", params=filters)
            yield from from_json(list[Agreement], page["data"])
            if page["next"] is None:
                return
            filters["after"] = page["next"]

    def resend(self, number: str) -> Agreement:
        """Send the customer a reminder. The deadline does not change."""
        return from_json(Agreement, self.request("POST", f"/agreements/{number}/resend"))

    def withdraw(self, number: str) -> Agreement:
        """Withdraw a pending request. A second time changes nothing."""
        return from_json(Agreement, self.request("POST", f"/agreements/{number}/withdraw", is_repeatable=True))

    def report(self, number: str) -> Report:
        """Read what the agreement's report covers."""
        return from_json(Report, self.request("GET", f"/agreements/{number}/report"))

    def wait_for_report(self, number: str, *, timeout: float = 600, every: float = 5) -> Report:
        """Return the report as soon as it is ready. Raises NoReport, and TimeoutError after `timeout` seconds.

        Customers have days to answer. For real requests, read the events instead, or receive webhooks.
        """
        end = time.monotonic() + timeout
        while (agreement := self.agreement(number)).report.state != "ready":
            if agreement.status not in ("pending", "complete") or agreement.report.state in _NO_REPORT_STATES:
                raise NoReport(agreement)
            if time.monotonic() + every > end:
                raise TimeoutError(f"The report of agreement {number} was not ready after {timeout} seconds.")
            time.sleep(every)
        return self.report(number)

    def events(self, *, after: str | None = None, types: Sequence[str] = ()) -> EventFeed:
        """Return what happened since the cursor `after`, oldest first. Needs the permission webhooks:manage.

        A cursor works only with the types that it was made with.
        """
        return EventFeed(self, after, types)

    def download(self, number: str, path: str | Path, *, file: FileName = "usage.csv") -> Path:
        """Download a file of the report to `path` and check its SHA-256.

        An interrupted download is resumed, also by a later call: until the file is whole, it is `path` with `.part`
        behind. Raises ApiProblem, httpx.TransportError, DownloadDamaged.
        """
        path = Path(path)
        part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.etag")
        attempt, digest = 0, None
        while digest is None:
            try:
                digest = self._download_rest(f"/agreements/{number}/report/{file}", part, tag)
            except (httpx.TransportError, ApiProblem) as error:
                if isinstance(error, ApiProblem) and error.status == 416 and tag.exists():
                    tag.unlink()  # nothing is missing: the last run ended before its check, so begin again
                    continue
                self._wait_or_raise(error, attempt, is_repeatable=True)
                attempt += 1
        tag.unlink(missing_ok=True)
        with part.open("rb") as whole:
            actual = hashlib.file_digest(whole, "sha256").digest()
        if digest and digest != f"sha-256=:{base64.b64encode(actual).decode()}:":
            part.unlink()
            raise DownloadDamaged(f"The SHA-256 of {path.name} is not the one that the portal named.")
        return part.replace(path)

    def _download_rest(self, url: str, part: Path, tag: Path) -> str:
        """Write what `part` lacks, and return the digest of the whole file as the portal names it."""
        # A range is a part of the uncompressed file, so all of it is downloaded uncompressed.
        headers = {"Accept-Encoding": "identity"}
        if tag.exists() and part.exists():
            headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": tag.read_text()}
        with self._http.stream("GET", url, headers=headers) as response:
            if not response.is_success:
                response.read()
                raise problem_of(response)
            is_rest = response.status_code == httpx.codes.PARTIAL_CONTENT
            with part.open("ab" if is_rest else "wb") as target:
                if not is_rest:
                    tag.write_text(response.headers.get("ETag", ""))
                for chunk in response.iter_bytes():
                    target.write(chunk)
            return str(response.headers.get("Repr-Digest", ""))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Any:
        """Send any request of the API and return its JSON; None if there is no body. Raises ApiProblem.

        `is_repeatable`: sending it again after a network error cannot do anything twice, as with every GET.
        """
        attempt, is_repeatable = 0, is_repeatable or method == "GET"
        while True:
            try:
                response = self._http.request(method, path, json=body, params=params, headers=headers)
                if response.is_success:
                    return response.json() if response.content else None
                raise problem_of(response)
            except (httpx.TransportError, ApiProblem) as error:
                self._wait_or_raise(error, attempt, is_repeatable=is_repeatable)
            attempt += 1

    def _wait_or_raise(self, error: httpx.TransportError | ApiProblem, attempt: int, *, is_repeatable: bool) -> None:
        """Wait before the next try, or raise `error` if there is none."""
        seconds: float | None = min(0.5 * 2**attempt, 10) * random.uniform(0.5, 1)
        if isinstance(error, ApiProblem):
            # The daily limits name no pause: trying again in a moment would not help.
            seconds = error.retry_after if error.status == 429 else error.retry_after or seconds
            # After 502 and 504, a proxy does not know whether the portal got the request.
            was_not_done = error.status in (429, 503) or error.code == "request-in-progress"
            is_repeatable = was_not_done or (is_repeatable and error.status in (502, 504))
        if not is_repeatable or attempt >= self._retries or seconds is None or seconds > self._longest_wait:
            raise error
        time.sleep(seconds)


class EventFeed:
    """The events since a cursor. Iterate over them, then save `cursor` for the next time.

    The cursor moves when all events of a page were handled. If your program stops before, it gets them again.
    """

    def __init__(self, client: Client, after: str | None, types: Sequence[str]) -> None:
        self.cursor = after
        self._client, self._types = client, list(types)

    def __iter__(self) -> Iterator[Event]:
        while True:
            params = {"type": self._types, "limit": 200} | ({"after": self.cursor} if self.cursor else {})
            page = self._client.request("GET", "/events", params=params)
            yield from from_json(list[Event], page["data"])
            self.cursor = page["next"]
            if not page["data"]:
                return
