"""Exits 0 when the web server on a port of this container is ready: the HEALTHCHECK of the image.

Usage: healthcheck.py PORT
"""

import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

# Asked by the site's public name: Django answers to no other.
host = urlsplit(os.environ["HUBADMIN_URL"]).netloc
connection = HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=4)
try:
    connection.request("GET", "/readyz", headers={"Host": host})
    sys.exit(connection.getresponse().status != 200)
except (OSError, HTTPException) as error:
    sys.exit(f"not ready: {error}")
