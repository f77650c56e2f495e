"""Settings of the portal. Every difference between machines comes from the environment.

`SMT_ENV` is `development` (default), `test` or `production`. Production refuses to start with a development default
(A4).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

SMT_ENV = env.str("SMT_ENV", "development")
if SMT_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"SMT_ENV is '{SMT_ENV}'. Set it to development, test or production.")
PRODUCTION = SMT_ENV == "production"
if SMT_ENV == "development":
    env.read_env(BASE_DIR / "var" / "running.env")  # the addresses of what `make run` started

_INSECURE = "insecure-development-default"


def _refuse(wrong: bool, why: str) -> None:
    """Refuse to start in production if `wrong` (A4)."""
    if PRODUCTION and wrong:
        raise ImproperlyConfigured(why)


def _required(name: str, development: str) -> str:
    """Return environment variable `name`. Production has no default for it and refuses development's (A4)."""
    value: str = env.str(name, "" if PRODUCTION else development)
    why = f"{name} is not set. Production needs its own value; see .env.example."
    _refuse(not value or _INSECURE in value, why)
    return value


# --- Security ---------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
_refuse(DEBUG, "DEBUG is on. Production shows no debug pages: unset DEBUG.")

SECRET_KEY = _required("SECRET_KEY", f"{_INSECURE}-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz")
# Its predecessors: what was signed or hashed with them is still known.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# One-time links are derived from it. Several keys are separated by commas: the first derives, all verify (X5).
DECISION_LINK_KEY = _required("DECISION_LINK_KEY", f"{_INSECURE}-decision-link-key-0123456789-abcdefghijkl")
# Encrypts second factors. Several keys are separated by commas: the first encrypts, all decrypt (X3).
MFA_KEY = _required("MFA_KEY", f"{_INSECURE}-second-factor-key-0123456789-abcdefghijkl")
_KEYS = (SECRET_KEY, *SECRET_KEY_FALLBACKS, *DECISION_LINK_KEY.split(","), *MFA_KEY.split(","))
_SHORTEST_KEY = min(len(key.strip()) for key in _KEYS)
_refuse(_SHORTEST_KEY < 50, "SECRET_KEY, DECISION_LINK_KEY and MFA_KEY need at least 50 random characters each.")
# Whether third parties' users and staff need a second factor (X3). If not, the sign-in page says so.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", PRODUCTION)
_refuse(not SECOND_FACTOR_REQUIRED, "SECOND_FACTOR_REQUIRED is off. Production asks for a second factor: unset it.")

# The portal's address; links in emails start with it.
PORTAL_ORIGIN = _required("PORTAL_ORIGIN", "http://127.0.0.1:8000").rstrip("/")
_LOCAL_HOSTS = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[environ.urlparse(PORTAL_ORIGIN).hostname or "", *_LOCAL_HOSTS])
CSRF_TRUSTED_ORIGINS = [PORTAL_ORIGIN]

SESSION_COOKIE_AGE = 8 * 60 * 60
SECOND_FACTOR_PERIOD = timedelta(minutes=15)  # P4: so long it need not be given again for API clients and keys
SESSION_IDLE_PERIOD = timedelta(hours=1)  # X3: of third parties' users and staff
# A browser takes such a cookie from this host only, over HTTPS.
COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_FAILURE_VIEW = "smt_portal.pages.csrf_failure"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "lib.message_storage.HostMessageStorage"
_refuse(not PORTAL_ORIGIN.startswith("https://"), "PORTAL_ORIGIN must start with https:// in production.")
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Named as in Django 6, which replaces the middleware and reads this setting.
_SELF, _NONE = ["'self'"], ["'none'"]
SECURE_CSP = {"default-src": _SELF, "img-src": ["'self'", "data:"], "script-src": _SELF, "style-src": _SELF}
SECURE_CSP |= {"object-src": _NONE, "base-uri": _NONE, "form-action": _SELF, "frame-ancestors": _NONE}

# --- Applications -----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    *([] if PRODUCTION else ["demo"]),
    *["api", "usage_pages", "reports", "agreements", "notices", "customers", "companies", "accounts", "meters"],
    *["notifications", "allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"],
    *["crispy_forms", "localflavor", "pgtrigger", "phonenumber_field"],
    "smt_portal.apps.PortalAdminConfig",
    *[f"django.contrib.{app}" for app in ("auth", "contenttypes", "humanize", "sessions", "messages")],
    "whitenoise.runserver_nostatic",
    *["django.contrib.staticfiles", "django.contrib.postgres"],
]

MIDDLEWARE = [
    "smt_portal.request_ids.request_id",
    "smt_portal.security_headers.security_headers",
    "api.middleware.api_answers",
    "smt_portal.body_limits.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.session_limits.SessionLimitsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.second_factor.SecondFactorMiddleware",
    "companies.trust.fingerprints.FingerprintMiddleware",
    "accounts.access_log.AccessLogMiddleware",
]

ROOT_URLCONF = "smt_portal.urls"
WSGI_APPLICATION = "smt_portal.wsgi.application"

_CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
    "smt_portal.pages.portal_context",
]
_TEMPLATES = {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE_DIR / "templates"]}
_OPTIONS = {"builtins": ["lib.action_forms", "lib.icons", "lib.phone_numbers", "lib.typography"]}
TEMPLATES = [
    {
        **_TEMPLATES,
        "NAME": "django",
        "APP_DIRS": True,
        "OPTIONS": _OPTIONS | {"context_processors": _CONTEXT_PROCESSORS},
    },
    # Plain-text emails: escaping for HTML would print &amp; to people (E3).
    {**_TEMPLATES, "NAME": "text", "APP_DIRS": False, "OPTIONS": _OPTIONS | {"autoescape": False}},
]

# Their texts keep the extension, which E.164 does not have (T8).
PHONENUMBER_DB_FORMAT, PHONENUMBER_DEFAULT_FORMAT = "RFC3966", "INTERNATIONAL"

# The markup of form fields is in templates/portal; the classes of the boxes are those of components.css.
CRISPY_TEMPLATE_PACK = "portal"
CRISPY_ALLOWED_TEMPLATE_PACKS = [CRISPY_TEMPLATE_PACK]
CRISPY_CLASS_CONVERTERS = {"select": "select", "textarea": "area", "checkboxinput": "pick__box"}
_INPUTS = ("textinput", "emailinput", "passwordinput", "dateinput", "urlinput", "_phoneinput")
CRISPY_CLASS_CONVERTERS |= dict.fromkeys(_INPUTS, "input")

# No page takes files or large bodies unless lib.file_uploads lets it (O1).
FILE_UPLOAD_HANDLERS = ["lib.file_uploads.RefusingUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # bytes of a form

# --- Data -------------------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_DATABASE = env.db_url_config(_required("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/smt_portal"))
_DATABASE |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", 600), "CONN_HEALTH_CHECKS": True}
_DATABASE["OPTIONS"] = {"connect_timeout": 5, **_DATABASE.get("OPTIONS", {})}
DATABASES = {"default": _DATABASE}

# Sign-in rate limits are in PostgreSQL: every process shares them, and losing Redis lifts none (X2).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # With Django's 300, trying 300 other names would evict the count of failed sign-ins.
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    }
}

# --- Time and language ------------------------------------------------------------------------------------------

TIME_ZONE = "America/Chicago"  # for people; the database stores UTC (A3)
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["smt_portal.formats"]
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION

# --- Static files -----------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --- People -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["customers.authentication.LoginBackend"]
PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("Argon2", "PBKDF2")]
# NIST SP 800-63B-4: length and known passwords, no composition rules.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "accounts.passwords.KnownPasswordValidator"},
    {"NAME": "accounts.passwords.PersonalDataValidator"},
    {"NAME": "customers.authentication.OwnNamesValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60  # seconds
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.allauth_adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.SignInForm"}
ACCOUNT_FORMS["add_email"] = "accounts.forms.NewEmailForm"
ACCOUNT_FORMS["reset_password"] = "accounts.forms.ResetPasswordEmailForm"
ACCOUNT_FORMS["set_password"] = "accounts.forms.FirstPasswordForm"
ACCOUNT_FORMS["change_password"] = "accounts.forms.NewPasswordForm"
ACCOUNT_FORMS["reset_password_from_key"] = "accounts.forms.ForgottenPasswordForm"
ACCOUNT_CHANGE_EMAIL = True  # one address per user: requests are matched with it and sent to it (T7)
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a takeover is noticed
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_FORMS = {"add_webauthn": "accounts.forms.AddKeyForm", "edit_webauthn": "accounts.forms.EditKeyForm"}
MFA_FORMS["activate_totp"] = "accounts.forms.ActivateAppForm"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # accounts start with a confirmed email or are made by an operator
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# How many of our proxies a request passes; lib.client_address reads the client's address behind them.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)

# --- Mail -------------------------------------------------------------------------------------------------------

vars().update(env.email_url_config(_required("EMAIL_URL", "smtp://127.0.0.1:1025")))
EMAIL_TIMEOUT = 30  # seconds until the mail server's machine answers
# How long each phase may take as a whole (E5, RFC 5321 4.5.3.2): connecting with TLS and login; each of MAIL, RCPT and
# RSET; the word DATA; the message; the answer to its final dot; QUIT.
EMAIL_PHASE_SECONDS = {"connect": 300, "command": 300, "data": 120, "body": 600, "end": 600, "quit": 10}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Smart Meter Texas portal <no-reply@smt-portal.example>")
# Where bounces go: emails are sent with the return path bounces+<Message-ID>@portal.example, without a name (E7).
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "")
BOUNCE_MAILDIR = env.str("BOUNCE_MAILDIR", "")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Development only: where the mail catcher keeps sent mail, which the portal then shows at /mailbox/ (E4).
MAILBOX_DIR = env.str("MAILBOX_DIR", "")
_refuse(bool(MAILBOX_DIR), "MAILBOX_DIR is set. The development mailbox shows all mail to everyone: unset it.")
# How long the worker that claimed an email may be silent before another one claims it; doubled with each attempt.
EMAIL_LEASE = timedelta(seconds=env.int("EMAIL_LEASE_SECONDS", 60))
EMAIL_GIVE_UP_AFTER = timedelta(hours=48)

# --- Webhooks ---------------------------------------------------------------------------------------------------

# Whether webhooks may go by http and to private addresses, such as this machine's: for development (W8).
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", False)
_refuse(
    WEBHOOKS_ALLOW_PRIVATE, "WEBHOOKS_ALLOW_PRIVATE is on. Companies could reach the portal's own network: unset it."
)
# Public networks of the operator's own, to which webhooks must not go either.
WEBHOOKS_REFUSED_NETWORKS = env.list("WEBHOOKS_REFUSED_NETWORKS", default=[])

# --- Celery: sweeps and wake-ups, never the queue ----------------------------------------------------------------

REDIS_URL = _required("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1, "visibility_timeout": 600}
CELERY_BROKER_TRANSPORT_OPTIONS |= {"retry_on_timeout": False, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
# Each kind of work has its own queue and workers (E6); what has no route is in "sweeps".
CELERY_TASK_DEFAULT_QUEUE = "sweeps"
CELERY_TASK_ROUTES = {
    "notifications.tasks.deliver_due": {"queue": "mail"},
    "reports.tasks.generate_due_reports": {"queue": "reports"},
    "meters.tasks.import_uploads": {"queue": "imports"},
    "api.tasks.publish_events": {"queue": "webhooks"},
    "api.tasks.deliver_due": {"queue": "webhooks"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE

# Event -> the tasks that may now find work. Lower apps name the event, not the task of an upper app.
WORKER_WAKEUPS: dict[str, list[str]] = {
    "email queued": ["notifications.tasks.deliver_due"],
    "agreement completed": ["reports.tasks.generate_due_reports"],
    "upload queued": ["meters.tasks.import_uploads"],
    "events published": ["api.tasks.deliver_due"],
    "bulk queued": ["agreements.tasks.send_due_bulks", "api.tasks.send_due_test_bulks"],
}

# --- Names and limits of the business ---------------------------------------------------------------------------

SITE_NAME = "Smart Meter Texas"
from smt_portal.business_limits import *  # noqa: E402, F403  # they read the environment, too, so .env comes first

# --- Logs: no tokens, names, addresses or emails in them (X4); a request id in each line (O2) ---------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"private": {"()": "smt_portal.logs.PrivateDataFilter"}},
    "formatters": {"line": {"()": "smt_portal.logs.build_formatter", "json": PRODUCTION}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["private"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.app.trace": {"level": "WARNING"},  # else four lines per sweep
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "flufl.bounce": {"level": "CRITICAL"},  # its errors quote strangers' mail
        "fontTools": {"level": "WARNING"},
    },
}
