"""Ask customers for their smart meter data, and download the reports they share: a client of the portal's API.

Everything else is in the modules: each field in `models`, and an exception for each kind of refusal in `problems`.
"""

from smt_agreements.client import Client
from smt_agreements.models import Agreement, AgreementRequest, Contact, Customer, Event, Meter, Report
from smt_agreements.problems import ApiProblem, NoReport, SmtError
from smt_agreements.webhooks import WebhookRejected, verify_webhook

__all__ = [
    "Agreement", "AgreementRequest", "ApiProblem", "Client", "Contact", "Customer", "Event", "Meter", "NoReport",
    "Report", "SmtError", "WebhookRejected", "verify_webhook",
]  # fmt: skip
