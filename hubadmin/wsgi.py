"""The one WSGI application: forwarded addresses, then the protocols, then Django."""

import gc
import os
import sys
from collections.abc import Iterable

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubadmin.settings")
site = get_wsgi_application()

from django.conf import settings  # noqa: E402  (needs the settings to be set up)

from audit.client_address import apply_forwarded, parse_networks  # noqa: E402
from hubadmin.bodies import WholeBodies  # noqa: E402
from permissions.snapshots.memory import watcher  # noqa: E402
from registries.wsgi import Environ, Mount, StartResponse  # noqa: E402

# A page that is drawn, or a batch of the log, must not hold up an answer for longer (seconds).
sys.setswitchinterval(0.002)
mount = Mount(WholeBodies(site))
proxies = parse_networks(settings.TRUSTED_PROXIES)
# Before the first question, so that the workers that report are all there are.
watcher.start()
# What is loaded by now stays: to go through it again and again would stop every answer meanwhile.
gc.collect()
gc.freeze()


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    apply_forwarded(environ, proxies)
    return mount(environ, start_response)
