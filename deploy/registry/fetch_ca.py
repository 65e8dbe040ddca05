"""Hands a registry the certificate of the authority whose tokens it is to believe.

Usage: fetch_ca.py ADDRESS FILE. A registry doesn't start without the file; where it is there
already it is fetched again, as that is harmless and an authority may have been replaced.
"""

import os
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

address, file = urlsplit(sys.argv[1]), Path(sys.argv[2])
# Asked by the site's public name: Django answers to no other.
host = urlsplit(os.environ["HUBADMIN_URL"]).netloc

for _ in range(60):
    connection = HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", "/auth/ca.pem", headers={"Host": host})
        answer = connection.getresponse()
        if answer.status == 200:
            # Renamed into place: a registry never sees half a file.
            partial = file.with_suffix(".new")
            partial.write_bytes(answer.read())
            partial.rename(file)
            sys.exit(0)
        problem = f"status {answer.status}"
    except (OSError, HTTPException) as error:
        problem = str(error)
    time.sleep(1)
sys.exit(f"{sys.argv[1]} gave no certificate: {problem}")
