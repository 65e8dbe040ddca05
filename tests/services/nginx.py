"""nginx with the configuration that operators take, its addresses and paths put in."""

import datetime
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.process import free_port, program, running, temporary_folder
from tests.services.site import CHECKOUT

CONFIGURATION = CHECKOUT / "deploy" / "nginx" / "nginx.conf"


@dataclass(frozen=True, slots=True)
class Nginx:
    url: str
    host: str
    port: int
    log: Path


@contextmanager
def nginx(
    *, hubadmin: str, hubadmin_address: str, registry_address: str, credential: str
) -> Iterator[Nginx]:
    """In front of a registry; Hubadmin is asked by its name at an address of perhaps a relay."""
    server = program("nginx", package="nginx")
    port = free_port()
    with temporary_folder("nginx") as folder:
        config, log = folder / "nginx.conf", folder / "error.log"
        token = folder / "token.conf"
        token.write_text(f'set $registry_token "{credential}";\n')
        certificate, key = _self_signed(folder)
        text = _with(
            CONFIGURATION.read_text(),
            {
                "user www-data;": "daemon off;" if os.geteuid() else "daemon off; user root;",
                "server 127.0.0.1:8000;": f"server {hubadmin_address};",
                "server 127.0.0.1:5000;": f"server {registry_address};",
                "Host localhost:8000;": f"Host {hubadmin};",
                "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
                "server_name registry.example.com;": "server_name localhost;",
                "/etc/nginx/registry.crt": str(certificate),
                "/etc/nginx/registry.key": str(key),
                "/etc/nginx/hubadmin-registry-token.conf": str(token),
                "/run/nginx.pid": str(folder / "pid"),
                "/var/log/nginx/error.log": str(log),
                "/var/log/nginx/access.log": str(folder / "access.log"),
            },
        )
        config.write_text(text)
        command = [server, "-p", str(folder), "-e", str(log), "-c", str(config)]

        def ready() -> bool:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return True

        with running(command, log=log, ready=ready):
            yield Nginx(
                url=f"https://localhost:{port}", host=f"localhost:{port}", port=port, log=log
            )


def _with(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / "registry.crt", folder / "registry.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return crt, pem
