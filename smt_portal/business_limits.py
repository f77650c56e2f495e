"""Limits and periods of the business rules, with their requirement ids: a part of the settings."""

from __future__ import annotations

from datetime import timedelta

import environ

env = environ.Env()

AGREEMENT_INVITATION_PERIOD = timedelta(days=30)  # L2
AGREEMENT_LIMIT_PER_ESIID = env.int("AGREEMENT_LIMIT_PER_ESIID", 3)  # L5
AGREEMENT_LIMIT_WINDOW = timedelta(days=env.int("AGREEMENT_LIMIT_WINDOW_DAYS", 365))  # L5
AGREEMENT_METERS_PER_FORM = 20  # T4
AGREEMENT_DRAFT_RETENTION = timedelta(days=1)
DRAFTS_PER_USER = 20  # T10: older ones are deleted
AGREEMENT_RESEND_PAUSE = timedelta(minutes=1)  # a double click sends one reminder
REMINDER_DAYS = (7, 25)  # C12: days after the request on which the portal reminds the customer
SUMMARY_HOURS = (8, 18)  # T17: a daily summary has what came before the first of these hours of Central time
REMINDER_HOURS = (9, 18)  # from, and before, these hours of Central time
REMINDER_PAUSE = timedelta(days=2)  # no reminder of the portal so soon after the company resent the email
RESEND_PAUSE_AFTER_REMINDER = timedelta(days=1)  # and no resend so soon after a reminder of the portal
FAILED_MATCHES_PER_USER = 10  # X2, a day
FAILED_MATCHES_PER_COMPANY = 20
FAILED_MATCHES_PER_ESIID = 3
INITIATIONS_PER_COMPANY = env.int("INITIATIONS_PER_COMPANY", 500)  # X2, a day
INITIATIONS_PER_ADDRESS = env.int("INITIATIONS_PER_ADDRESS", 40)
BULK_ROWS = 500  # K2, of one file
BULK_FILE_BYTES = 1024 * 1024  # K2
BULK_ROWS_A_MINUTE = env.int("BULK_ROWS_A_MINUTE", 60)  # K5, of one company: mail servers distrust a flood
BULK_RETENTION = timedelta(days=7)  # K6, X6: personal data of a file's rows, after its end
BULK_FILES_WAITING = 20  # K4, of one company: read and neither sent nor discarded
REMINDERS_PER_COMPANY = env.int("REMINDERS_PER_COMPANY", 200)
REMINDERS_PER_ADDRESS = env.int("REMINDERS_PER_ADDRESS", 10)
CORRECTIONS_PER_SUBMISSION = 3  # T15: of the customer's address
CORRECTIONS_PER_COMPANY = env.int("CORRECTIONS_PER_COMPANY", 100)  # X2, a day
REGISTRATION_PERIOD = timedelta(days=3)  # C3: not confirmed by then, it is forgotten
REGISTRATION_EMAILS_PER_ADDRESS = 5  # a day
FAILED_CLAIMS_PER_NETWORK = 10  # X2: ESIID, meter number and provider, a day
CLAIMS_PER_NETWORK = env.int("CLAIMS_PER_NETWORK", 20)  # X2: that matched, a day
FAILED_CLAIMS_PER_ESIID = 2  # X7, within
FAILED_CLAIM_PERIOD = timedelta(days=30)
CLAIM_WAITING_PERIOD = timedelta(hours=72)  # X7: then a claim is confirmed, if nothing speaks against it
CLAIM_NOTICE_PERIOD = timedelta(days=30)  # X7: the link of the notice disputes a claim so long
CLAIM_DISPUTES_PER_ESIID = 2  # X7, within CLAIM_NOTICE_PERIOD
CONSENT_REVIEW_WORKING_DAYS = 5  # X1: then operators are told; after as many more the report is refused
CLAIM_REVIEW_WORKING_DAYS = 5  # X7: then the operators are told, too
UNKNOWN_COMPANY_LIMIT = 5  # C8: so many customers who don't know a company pause its new requests
UNKNOWN_COMPANY_PERIOD = timedelta(days=30)  # ... within this time
COMPANY_CONFIRMATION_PERIOD = timedelta(days=3)  # T13: until the email of who registers or asks is confirmed
COMPANY_INVITATION_PERIOD = timedelta(days=7)  # T13
COMPANY_REQUEST_PERIOD = timedelta(days=30)  # T13: a request to join, until an administrator answers
COMPANY_INVITATIONS_AT_ONCE = 100
COMPANY_INVITATION_RESENDS = 5
COMPANY_INVITATIONS_A_DAY = 100  # of one company
COMPANY_EMAILS_PER_ADDRESS = 5  # a day, from people without an account; and invitations
COMPANY_FORMS_PER_NETWORK_ADDRESS = 20  # X2, a day: registrations of companies and requests to join
COMPANY_REQUEST_EMAILS = 20  # a day, to one company's administrators; the requests are on Pending Approvals anyway
COMPANY_LINK_RETENTION = timedelta(days=30)  # X6: registrations, invitations and requests to join that ended
COMPANY_MAILBOX_LINKS = 5  # T17, a day: links to confirm one company's shared mailbox
COMPANY_FINGERPRINT_RETENTION = timedelta(days=730)  # X1, X6: networks, browsers and mailboxes of a company's users
SANDBOX_ENABLED = env.bool("SANDBOX_ENABLED", True)  # V15: whether test keys are accepted
SANDBOX_RETENTION = timedelta(days=30)  # V15, X6: of test agreements, after their end
API_CLIENTS_PER_COMPANY = 20  # P1
API_KEYS_PER_CLIENT = 2  # P6: live at the same time
API_KEY_DAYS = (90, 180, 365, 730)  # P5: how long a key is valid; an administrator chooses
API_KEY_NOTICE_DAYS = (7, 30)  # P6: administrators are told so many days before a key expires
API_KEY_OVERLAP = timedelta(hours=24)  # P6: how long a replaced key goes on working, unless the company says otherwise
API_KEY_LONGEST_OVERLAP = timedelta(days=30)
API_TOKEN_PERIOD = timedelta(hours=1)  # P7
API_IDEMPOTENCY_PERIOD = timedelta(days=7)  # V12
API_EVENT_RETENTION = timedelta(days=90)  # W1
API_FAILURES_PER_NETWORK = 20  # P9: failed authentications within
API_FAILURE_PERIOD = timedelta(minutes=10)
API_READS_A_MINUTE = env.int("API_READS_A_MINUTE", 600)  # V14, of one client
API_WRITES_A_MINUTE = env.int("API_WRITES_A_MINUTE", 60)
API_DOWNLOADS_A_MINUTE = env.int("API_DOWNLOADS_A_MINUTE", 60)
API_TOKENS_A_MINUTE = env.int("API_TOKENS_A_MINUTE", 30)
API_PINGS_A_MINUTE = env.int("API_PINGS_A_MINUTE", 10)  # W5
WEBHOOK_ENDPOINTS_PER_CLIENT = 5  # W4
WEBHOOK_DELIVERY_RETENTION = timedelta(days=30)  # W9
DOCUMENT_CHECKS_PER_NETWORK = 200  # R9, a day
REPORT_LATEST_DAYS = env.int("REPORT_LATEST_DAYS", 3)  # R2: one of these days before the acceptance has to be on file
REPORT_DATA_WAIT = timedelta(hours=env.int("REPORT_DATA_WAIT_HOURS", 72))  # R7: for how long a report waits for it
REPORT_RETENTION = timedelta(days=env.int("REPORT_RETENTION_DAYS", 60))  # R5
PERSONAL_DATA_RETENTION = timedelta(days=90)  # X6, of agreements that were never accepted
AGREEMENT_RETENTION = timedelta(days=3 * 365 + 1)  # X6, after their end
EMAIL_BODY_RETENTION = timedelta(days=30)  # X6
ACCESS_LOG_RETENTION = timedelta(days=3 * 365 + 1)  # D3, X6
LOAD_UPLOAD_LIMIT = env.int("LOAD_UPLOAD_LIMIT", 500 * 1024 * 1024)  # bytes; larger files go through the commands
LOAD_UNPACKED_LIMIT = env.int("LOAD_UNPACKED_LIMIT", 100 * 1024**3)  # bytes; a night of every meter in Texas is 60 GB
USAGE_RETENTION_MONTHS = env.int("USAGE_RETENTION_MONTHS", 25)  # whole months before this one; 0 keeps everything
OLD_USAGE_KEPT = timedelta(days=env.int("OLD_USAGE_KEPT_DAYS", 90))  # older months, after their last load (ADR 9)
