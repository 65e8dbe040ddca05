"""The environment that the settings read, as a pytest plugin: loaded before Django is.

`script/test` names the database and Redis. Without them whatever needs them fails; nothing falls
back to a lesser part.
"""

import os
import secrets
import tempfile
from urllib.parse import urlsplit

os.environ.update(
    HUBADMIN_URL="http://localhost:8000",
    HUBADMIN_SECRET_KEY=secrets.token_urlsafe(48),
    HUBADMIN_DATA_KEY=secrets.token_urlsafe(48),
    HUBADMIN_VAR=tempfile.mkdtemp(prefix="hubadmin-tests-"),
    EMAIL_URL="memory:",
)
os.environ["HUBADMIN_STATIC_ROOT"] = os.environ["HUBADMIN_VAR"] + "/static"
os.environ.pop("HUBADMIN_DEMO", None)
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@localhost:1/start-with-script-test")

# Tests empty Redis before they count: each worker of pytest-xdist has a database there of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker and os.environ.get("REDIS_URL"):
    _number = int(_worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = (
        urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{_number}").geturl()
    )
