"""The environment that the settings read, as a pytest plugin: loaded before Django is.

`script/test` names the database and Redis. Without them whatever needs them fails; nothing falls
back to a lesser part.
"""

import os
import secrets
import tempfile

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
