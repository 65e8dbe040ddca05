"""Real services for tests: each a context manager that starts one program.

On a free port and in a temporary folder, so that nothing the machine runs already is touched; and
none outlives the process that started it.
"""

from tests.services.dockerd import Dockerd, dockerd
from tests.services.identity import IdentityProvider, identity_provider
from tests.services.nginx import Nginx, nginx
from tests.services.postgresql import PostgreSQL, postgresql
from tests.services.process import NotInstalled, ServiceError, free_port
from tests.services.redis import Redis, redis
from tests.services.registry import Registry, TokenAuth, registry
from tests.services.site import Site, manage, site
from tests.services.worker import worker

__all__ = [
    "Dockerd",
    "IdentityProvider",
    "Nginx",
    "NotInstalled",
    "PostgreSQL",
    "Redis",
    "Registry",
    "ServiceError",
    "Site",
    "TokenAuth",
    "dockerd",
    "free_port",
    "identity_provider",
    "manage",
    "nginx",
    "postgresql",
    "redis",
    "registry",
    "site",
    "worker",
]
