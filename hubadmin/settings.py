"""All settings. Whatever differs between deployments is an environment variable.

docs/administrators/settings.md has the table of them, with what each default means.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import dj_email_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from enforcement.profile_signing import signing_problem
from hubadmin import identity_providers, logs
from permissions.catalog_fetch import address_problem

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent


def _address(name: str, default: str, *, parse: Callable[[str], Any], example: str) -> Any:
    try:
        return parse(env.str(name, default))
    except (KeyError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} must be an address such as {example}.") from error


def _email_config(url: str) -> Any:
    config = dj_email_url.parse(url)
    if "EMAIL_BACKEND" not in config:
        raise ValueError(url)
    return config


# --- The site -------------------------------------------------------------------------------

DEMO = env.bool("HUBADMIN_DEMO", False)
VAR_DIR = env.path("HUBADMIN_VAR", BASE_DIR / "var")
SITE_URL = env.str("HUBADMIN_URL", "http://localhost:8000").rstrip("/")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")

if not SITE_HOST:
    raise ImproperlyConfigured("HUBADMIN_URL must be an address such as https://iam.example.com.")

SECRET_KEY = env.str("HUBADMIN_SECRET_KEY")
# Encrypts the signing keys and keys the hashes of access tokens. Rotating SECRET_KEY ends
# sessions; losing this one ends every token, so the two are kept apart.
DATA_KEY = env.str("HUBADMIN_DATA_KEY", validate=validate.Length(min=32))
CA_DIR = env.path("HUBADMIN_CA_DIR", VAR_DIR / "ca")

DEBUG = False
# Here and below, an empty value is as good as none: docker-compose.yml passes those.
ALLOWED_HOSTS = env.list("HUBADMIN_ALLOWED_HOSTS", []) or [SITE_HOST]
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [])
PULL_LOG_DAYS = env.int("HUBADMIN_PULL_LOG_DAYS", 90, validate=validate.Range(min=1))
PULL_LOG_ADDRESSES = env.bool("HUBADMIN_PULL_LOG_ADDRESSES", True)
METRICS_TOKEN = env.str("HUBADMIN_METRICS_TOKEN", "")
CATALOG_URLS: list[str] = env.str("HUBADMIN_CATALOG_URL", "").split()
CATALOG_FORMAT = (
    env.str("HUBADMIN_CATALOG_FORMAT", "", validate=validate.OneOf(["", "hubadmin", "docker-hub"]))
    or "hubadmin"
)
SIGN_UP = (
    env.str("HUBADMIN_SIGN_UP", "", validate=validate.OneOf(["", "closed", "open"])) or "closed"
)
CREATE_ORGANIZATIONS = (
    env.str(
        "HUBADMIN_CREATE_ORGANIZATIONS",
        "",
        validate=validate.OneOf(["", "anyone", "staff", "never"]),
    )
    or "staff"
)
INVITATIONS_PER_DAY = env.int("HUBADMIN_INVITATIONS_PER_DAY", 2_000, validate=validate.Range(min=1))
DELETION_DAYS = env.int("HUBADMIN_DELETION_DAYS", 14, validate=validate.Range(min=1, max=365))
PROBE_REGISTRIES = env.bool("HUBADMIN_PROBE_REGISTRIES", True)
PROFILE_CERTIFICATE = env.str("HUBADMIN_PROFILE_CERTIFICATE", "")
PROFILE_KEY = env.str("HUBADMIN_PROFILE_KEY", "")

for _url in CATALOG_URLS:
    if _problem := address_problem(_url):
        raise ImproperlyConfigured(f"HUBADMIN_CATALOG_URL can't be fetched from. {_problem}")

if _problem := signing_problem(PROFILE_CERTIFICATE, PROFILE_KEY):
    raise ImproperlyConfigured(f"HUBADMIN_PROFILE_CERTIFICATE, HUBADMIN_PROFILE_KEY: {_problem}")

INSTALLED_APPS = [
    "home",
    "registries",
    "enforcement",
    "permissions",
    "orgs",
    "audit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "hubadmin.staticfiles.PublishedStaticFiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "heroicons",
    "rest_framework",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "hubadmin.bodies.BodyLimitMiddleware",
    "hubadmin.middleware.ExplicitGuardMiddleware",
    "hubadmin.middleware.NotYetKnownMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hubadmin.middleware.LogRequestMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "hubadmin.urls"
WSGI_APPLICATION = "hubadmin.wsgi.application"
# The API takes its paths with and without a trailing slash by its own patterns.
APPEND_SLASH = True
SITE_ID = 1

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "home.context.navigation",
            ],
            "builtins": ["heroicons.templatetags.heroicons", "home.templatetags.guides"],
        },
    },
]

# --- Data -----------------------------------------------------------------------------------

DATABASES = {
    "default": _address(
        "DATABASE_URL",
        f"sqlite:///{VAR_DIR / 'hubadmin.sqlite3'}",
        parse=partial(dj_database_url.parse, conn_max_age=60, conn_health_checks=True),
        example="postgres://hubadmin:password@db.example.com/hubadmin",
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers queue for the lock from their first statement on, so that none reads a state
    # that another is about to replace.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # A network that is cut must show in seconds: whoever asks waits in one of few threads.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 5000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Listening for changes needs a connection of its own, which a pooler between would take away.
DIRECT_DATABASE_URL = env.str("HUBADMIN_DIRECT_DATABASE_URL", "")
SNAPSHOT_BYTES = 1024**2 * env.int(
    "HUBADMIN_SNAPSHOT_MEGABYTES", 128, validate=validate.Range(min=16)
)

REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "hubadmin.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that queues something must not wait for a broker that is away.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 1}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "clear-old-pulls": {"task": "audit.tasks.clear_old_pulls", "schedule": 3_600},
    # First soon after midnight (UTC): one more day is over, and its last pulls are counted.
    "pack-pulls": {"task": "audit.tasks.pack_pulls", "schedule": crontab(minute="5-59/10")},
    "clear-old-changes": {"task": "permissions.tasks.clear_old_changes", "schedule": 3_600},
    "clear-expired-sessions": {"task": "orgs.tasks.clear_expired_sessions", "schedule": 86_400},
    "delete-due-organizations": {
        "task": "orgs.tasks.delete_due_organizations",
        "schedule": 3_600,
    },
    "clear-old-invitations": {"task": "orgs.tasks.clear_old_invitations", "schedule": 3_600},
    "note-who-was-seen": {"task": "orgs.tasks.note_who_was_seen", "schedule": 3_600},
    "clear-dead-refresh-tokens": {
        "task": "orgs.tasks.clear_dead_refresh_tokens",
        "schedule": 86_400,
    },
}
if CATALOG_URLS:
    CELERY_BEAT_SCHEDULE["sync-catalog"] = {
        "task": "permissions.tasks.sync_catalog_with_feed",
        "schedule": crontab(hour="4", minute="37"),
    }

# --- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "orgs.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "orgs.passwords.BoundedArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "orgs.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_FORMS = {"signup": "orgs.sign_up.SignUpForm"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USERNAME_VALIDATORS = "orgs.names.ACCOUNT_NAME_VALIDATORS"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False

IDENTITY_PROVIDERS = identity_providers.read(env.str("HUBADMIN_OIDC", ""))
SOCIALACCOUNT_PROVIDERS = identity_providers.as_packages_settings(IDENTITY_PROVIDERS)
SOCIALACCOUNT_ADAPTER = "orgs.identity_providers.IdentityProviderAdapter"
SOCIALACCOUNT_FORMS = {"signup": "orgs.sign_up.ProvidersSignUpForm"}
# A user name is for ever, so that people choose it.
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True

MFA_ADAPTER = "orgs.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # clocks of phones are never quite right
# Nobody is signed in here before they have verified an address, so that a second factor keeps
# nobody out of an account that is theirs.
MFA_ALLOW_UNVERIFIED_EMAIL = True

EMAIL_CONFIG = _address(
    "EMAIL_URL",
    "console:" if DEMO else "smtp://localhost:25",
    parse=_email_config,
    example="smtp+tls://user:password@mail.example.com:587",
)
HUBADMIN_EMAIL_DELIVERY = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_BACKEND = "orgs.mail.QueuedEmailBackend"
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("HUBADMIN_FROM_EMAIL", "") or f"Hubadmin <hubadmin@{SITE_HOST}>"

# --- HTTP -----------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "hubadmin.errors.csrf_failure"
SESSION_COOKIE_AGE = 14 * 86_400
SECURE_SSL_REDIRECT = HTTPS
# Probes and scrapers come from inside the cluster, where TLS has ended already.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 86_400 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # The CSS framework draws switches and carets as data: images.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = env.path("HUBADMIN_STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("docs", BASE_DIR / "docs" / "images"),
    ("tabler", BASE_DIR / "node_modules" / "@tabler" / "core" / "dist" / "css"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEMO

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["orgs.authentication.PersonalTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["orgs.authentication.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["orgs.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "orgs.problems.problem_response",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Hubadmin",
    "DESCRIPTION": "Image Access Management for registries you run yourself.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVERS": [{"url": SITE_URL}],
    "PREPROCESSING_HOOKS": ["registries.openapi.without_trailing_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "registries.openapi.add_protocols",
    ],
}

# --- Language, time, logs -------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

LOG_LEVEL = (
    env.str(
        "HUBADMIN_LOG_LEVEL",
        "",
        validate=validate.OneOf(["", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
    )
    or "WARNING"
)
LOGGING = logs.configured(LOG_LEVEL)
