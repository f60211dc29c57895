"""Settings of the reference project. Only this module and `gunicorn.py` read the environment."""

import secrets
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _secret_key(database_url: str) -> str:
    """Return the key of the environment, or make one on first use beside the SQLite database."""
    key = env.str("DJANGO_SECRET_KEY", default="")
    if key:
        return str(key)
    if database_url and not database_url.startswith("sqlite"):
        raise ImproperlyConfigured(
            "DATABASE_URL names a server, so set DJANGO_SECRET_KEY as well: every web and worker process "
            "needs the same one. Make it with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    file = BASE_DIR / ".secret_key"
    if not file.exists():
        made = file.with_suffix(f".{secrets.token_hex(4)}")
        _make_private(made)
        made.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            file.hardlink_to(made)  # the first process wins, the others read what it wrote
        except FileExistsError:
            pass
        finally:
            made.unlink()
    _make_private(file)
    return file.read_text(encoding="utf-8").strip()


def _make_private(file: Path) -> None:
    """Deny access to other users of the machine; create the file if it is missing."""
    try:
        if not file.exists():
            file.touch(mode=0o600)
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
    except OSError:  # another user's file, or no folder: the system check or SQLite reports it
        pass


DATABASE_URL: str = env.str("DATABASE_URL", default="")
SECRET_KEY = _secret_key(DATABASE_URL)
DEBUG = env.bool("DJANGO_DEBUG", default=False)
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000")
if PUBLIC_URL.startswith("https://"):
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    # For this host only: other hosts of the domain are not this project's decision.
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())

# Our pages, the admin and the API documentation have no inline scripts or styles.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # drf-spectacular's page has icons in its style sheet
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.apps.QueueConfig",  # django_q
    "axes",
    "calendly_integration",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
if PUBLIC_URL.startswith("https://"):
    MIDDLEWARE.insert(0, "config.middleware.client_address")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ]
        },
    }
]


def _database() -> dict[str, Any]:
    """Options for SQLite with several processes; a server takes its options from the URL."""
    database: dict[str, Any] = env.db_url_config(DATABASE_URL or f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    if database["ENGINE"].endswith("sqlite3"):
        # All three together: WAL without IMMEDIATE fails read-then-write transactions under load.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        database["CONN_MAX_AGE"] = None
        # SQLite gives its -wal and -shm files the mode of the database.
        for ending in ("", "-wal", "-shm"):
            file = Path(f"{database['NAME']}{ending}")
            if file.name and not file.name.startswith(":") and (not ending or file.exists()):
                _make_private(file)
    else:
        database["CONN_MAX_AGE"] = 60
        database["CONN_HEALTH_CHECKS"] = True
    database["ATOMIC_REQUESTS"] = False
    return database


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }

# For a plain `qcluster`, the fallback. `calendly_worker` reads the work from our own tables and needs no queue.
Q_CLUSTER: dict[str, Any] = {
    "name": "calendly",
    "workers": 2,  # one sweeps, one syncs
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.5,
    "timeout": 60,
    "retry": 300,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "log_level": "WARNING",
}
if REDIS_URL:
    Q_CLUSTER["redis"] = REDIS_URL
else:
    Q_CLUSTER["orm"] = "default"

# Ten wrong passwords from one address or for one name lock both for ten minutes. The counts are in the database,
# which all processes share and a login needs anyway, so they do not depend on Redis.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_LOCKOUT_PARAMETERS = ["ip_address", "username"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "config.views.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username"]  # a password may be typed into this field by mistake
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="ro")
LANGUAGES = [("ro", _("Romanian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]  # texts of the reference project; the app has its own
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
# Without collectstatic the files are served from their folders. whitenoise would warn at each start.
warnings.filterwarnings("ignore", message="No directory at", module="django.core.handlers.base")
WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "calendly_integration.redaction.Formatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "calendly": {"level": "INFO"},
        # Django adds handlers to these two loggers. One line for each error, by our handler, is enough.
        "django": {"handlers": [], "level": "WARNING"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},  # a refused request is not an error
        "django.security.DisallowedHost": {
            "handlers": [],
            "level": "CRITICAL",
        },  # nor is a guessed host name
        "gunicorn.http.wsgi": {"level": "ERROR"},  # it warns about the Content-Length of HEAD responses
    },
}

# The app reads only this dict. An embedding project sets the same keys.
CALENDLY_INTEGRATION: dict[str, Any] = {
    "API_KEY": env.str("CALENDLY_API_KEY", default=""),
    "API_URL": env.str("CALENDLY_API_URL", default="https://api.calendly.com"),
    "WEBHOOK_SECRETS": env.list("CALENDLY_WEBHOOK_SECRET", default=[]),
    "WEBHOOK_TOLERANCE": env.int("CALENDLY_WEBHOOK_TOLERANCE", default=180),
    "CALLS_PER_MINUTE": env.int("CALENDLY_CALLS_PER_MINUTE", default=6000),
    "PORTAL_URL": env.str("VAI_API_URL", default=""),
    "PORTAL_KEY": env.str("VAI_API_KEY", default=""),
    "SYSTEM_EMAIL": env.str("VAI_SYSTEM_EMAIL", default=""),
    "ENCRYPTION_KEYS": env.list("CALENDLY_ENCRYPTION_KEYS", default=[]),
    "DEFAULT_TIME_ZONE": env.str("CALENDLY_DEFAULT_TIME_ZONE", default="Europe/Bucharest"),
    "PUBLIC_URL": PUBLIC_URL,
    "START_ON_TODAY": True,
}
