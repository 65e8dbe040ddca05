"""How many ES256 signatures one core makes in a second: what tokens can't be faster than."""

import os
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bench.machine import SERVER_CORE

SECONDS = 2.0
PAYLOAD = os.urandom(700)  # about what a token's header and claims come to
ALGORITHM = ec.ECDSA(SHA256())


def signatures_per_second() -> float:
    """Sign for a while on the server's core with `cryptography` alone."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        key = ec.generate_private_key(ec.SECP256R1())
        made, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            key.sign(PAYLOAD, ALGORITHM)
            made += 1
        return made / (time.perf_counter() - began)
    finally:
        os.sched_setaffinity(0, cores)
