"""What to write into a registry's, or its proxy's, configuration so that it asks Hubadmin.

Pure functions of one connection. The page shows them and the tests start real programs with them.
"""

import json
from urllib.parse import urlsplit

from registries.asking_proxies import angos, envoy, traefik
from registries.products import (
    AT_EVERY_REQUEST,
    WITH_THE_NEXT_TOKEN,
    Connection,
    Product,
    Step,
    quoted,
)

HUB_REGISTRY = "https://registry-1.docker.io"


def products(connection: Connection) -> tuple[Product, ...]:
    """Every product that we can say something exact about, the simplest first."""
    makers = (_distribution, _nginx, envoy, traefik, angos, _zot, _harbor, _own_program)
    return tuple(make(connection) for make in makers)


def distribution_yaml(
    connection: Connection,
    *,
    storage: str = "/var/lib/registry",
    certificate: str = "/etc/distribution/hubadmin-ca.pem",
    listen: str = ":5000",
) -> str:
    """A whole configuration of Distribution 2.8 and 3: its token block is the part that counts."""
    proxy = f"proxy:\n  remoteurl: {HUB_REGISTRY}\n" if connection.mirrors_docker_hub else ""
    return (
        "version: 0.1\n"
        "storage:\n"
        "  filesystem:\n"
        f"    rootdirectory: {quoted(storage)}\n"
        "  delete:\n"
        "    enabled: true\n"
        "http:\n"
        f"  addr: {quoted(listen)}\n"
        f"{proxy}"
        "auth:\n"
        "  token:\n"
        f"    realm: {quoted(connection.realm)}\n"
        f"    service: {quoted(connection.service)}\n"
        f"    issuer: {quoted(connection.site_url)}\n"
        f"    rootcertbundle: {quoted(certificate)}\n"
    )


def distribution_environment(
    connection: Connection, *, certificate: str = "/etc/distribution/hubadmin-ca.pem"
) -> str:
    """The token block as variables of a container."""
    lines = (
        "REGISTRY_AUTH=token",
        f"REGISTRY_AUTH_TOKEN_REALM={connection.realm}",
        f"REGISTRY_AUTH_TOKEN_SERVICE={connection.service}",
        f"REGISTRY_AUTH_TOKEN_ISSUER={connection.site_url}",
        f"REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE={certificate}",
    )
    return "\n".join(lines)


def fetch_certificate(
    connection: Connection, *, file: str = "/etc/distribution/hubadmin-ca.pem"
) -> str:
    """The command that fetches the certificate by which tokens are believed."""
    return f"curl -fsS --create-dirs -o {file} {connection.site_url}/auth/ca.pem"


def nginx_token_file(connection: Connection) -> str:
    """The file that nginx.conf includes for the registry's credential."""
    return f'set $registry_token "{connection.secret}";\n'


def nginx_values(connection: Connection, *, registry_address: str = "127.0.0.1:5000") -> str:
    """The lines of deploy/nginx/nginx.conf that differ from one registry to the next."""
    tls = connection.site_url.startswith("https:")
    address = connection.site_host
    if tls and ":" not in address:
        address = f"{address}:443"
    lines = [
        "upstream hubadmin {",
        f"    server {address};",
        "    keepalive 32;",
        "}",
        "upstream registry {",
        f"    server {registry_address};",
        "    keepalive 32;",
        "}",
        "",
        "# In server { }",
        f"listen {connection.port or '443'} ssl;",
        f"server_name {connection.name};",
        "",
        "# In location = /.hubadmin { }",
        f"proxy_pass {'https' if tls else 'http'}://hubadmin/authz/nginx;",
        f"proxy_set_header Host {connection.site_host};",
    ]
    if tls:
        lines += ["proxy_ssl_server_name on;", f"proxy_ssl_name {_host_of(connection.site_url)};"]
    return "\n".join(lines) + "\n"


def zot_json(*, port: str = "5000", storage: str = "/var/lib/zot") -> str:
    """A configuration of Zot that asks nobody, for a proxy in front of it on the same machine."""
    settings = {
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": storage},
        "http": {"address": "127.0.0.1", "port": port},
    }
    return json.dumps(settings, indent=2) + "\n"


def _distribution(connection: Connection) -> Product:
    about = (
        "Distribution 2.8 and 3 send clients to Hubadmin for a token and believe what it says. "
        "The same configuration serves both."
    )
    if connection.mirrors_docker_hub:
        about += " As a mirror it is read-only, and needs Docker Hub within reach when it starts."
    return Product(
        "distribution",
        "Distribution (registry:2, registry:3)",
        about,
        WITH_THE_NEXT_TOKEN,
        (
            Step(
                "On the registry's machine, fetch the certificate.", fetch_certificate(connection)
            ),
            Step(
                "Write the configuration. Storage and address are yours to choose; auth.token is "
                "exact.",
                distribution_yaml(connection),
                "/etc/distribution/config.yml (3) or /etc/docker/registry/config.yml (2.8)",
            ),
            Step(
                "Or, in a container, set the same as variables.",
                distribution_environment(connection),
            ),
            Step(
                "Restart the registry, then test it here. Clients must reach the realm's address, "
                "not the registry alone.",
            ),
        ),
    )


def _nginx(connection: Connection) -> Product:
    return Product(
        "nginx",
        "nginx in front of any registry",
        "nginx asks Hubadmin about each request, so the registry behind it needs no sign-in of its "
        "own and must be reachable for nginx alone.",
        AT_EVERY_REQUEST,
        (
            Step("Take deploy/nginx/nginx.conf from Hubadmin's source as /etc/nginx/nginx.conf."),
            Step(
                "Write the credential into a file that root alone may read.",
                nginx_token_file(connection),
                "/etc/nginx/hubadmin-registry-token.conf",
            ),
            Step(
                "Change the lines that are marked CHANGE to these. The registry's own address and "
                "the paths of the TLS certificate are yours to choose.",
                nginx_values(connection),
                "/etc/nginx/nginx.conf",
            ),
            Step("Check the configuration and load it.", "nginx -t && nginx -s reload"),
        ),
    )


def _zot(connection: Connection) -> Product:
    return Product(
        "zot",
        "Zot",
        "Zot's own bearer authentication can't be used: it checks a token with one fixed key, "
        "which Hubadmin changes every week, and does not look at which registry the token is for. "
        "Put nginx in front of it. Not tried with Zot itself.",
        AT_EVERY_REQUEST,
        (
            Step(
                "Let Zot listen on this machine only, without authentication and access control.",
                zot_json(),
                "/etc/zot/config.json",
            ),
            Step("Set up nginx as above. Zot's address is the one it has already: 127.0.0.1:5000."),
        ),
    )


def _harbor(connection: Connection) -> Product:
    return Product(
        "harbor",
        "Harbor",
        "Harbor decides by its own projects and roles and asks no other service. Either put nginx "
        "in front of it, or let people pull from a registry that does ask, and let Harbor "
        "replicate into that one. Not tried with Harbor itself.",
        AT_EVERY_REQUEST,
        (
            Step(
                "In front: make a robot account in Harbor that may pull (and push, if people push "
                "here), and let nothing but nginx reach Harbor's registry. Set up nginx as above, "
                "with Harbor as its registry, and change one more line, in location /v2/: nginx "
                "signs in to Harbor as the robot, with its name and secret in base64.",
                'proxy_set_header Authorization "Basic BASE64-OF-ROBOT-NAME:SECRET";',
                "/etc/nginx/nginx.conf",
            ),
            Step(
                "Beside: in Harbor, add a registry endpoint for "
                f"{connection.host} with an access token of your organization (repo:write), and a "
                "push-based replication rule into one of your namespaces. That registry asks "
                "Hubadmin as Distribution does.",
            ),
        ),
    )


def _own_program(connection: Connection) -> Product:
    question = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": f"{connection.host}/library/alpine:latest"},
    }
    return Product(
        "own_program",
        "A program of your own",
        "Whatever can send JSON asks by OpenID AuthZEN, and lets through only what is answered "
        "with a true decision.",
        AT_EVERY_REQUEST,
        (
            Step(
                "Ask whether somebody may pull an image.",
                f"curl -s {connection.site_url}/access/v1/evaluation \\\n"
                f"  -H 'Authorization: Bearer {connection.secret}' \\\n"
                "  -H 'Content-Type: application/json' \\\n"
                f"  -d '{json.dumps(question)}'",
            ),
        ),
    )


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
