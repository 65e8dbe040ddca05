"""Tokens, and files behind nginx' `auth_request`, under load."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from bench.peers import Hubadmin, Served, nginx
from bench.wrk import Requests

REPOSITORIES = ("acme/app", "library/alpine", "library/nginx", "library/redis")


def tokens(site: Hubadmin) -> Served:
    """What a client with an access token asks before it pulls what it may pull."""
    paths = [f"/auth/token?service=acme&scope=repository:{name}:pull" for name in REPOSITORIES]
    headers = {"Authorization": _basic("mel", site.secrets["MEL_TOKEN"])}
    return Served(Requests(site.url, paths, headers=headers), site.pid)


@contextmanager
def static_file(asked: Hubadmin | None = None) -> Iterator[Served]:
    """nginx with a small file in the place of a manifest; `asked`, if given, about each request."""
    manifest = "location /v2/ { default_type application/json; return 200 '{}'; }"
    if asked is not None:
        manifest = _guarded(asked)
    with nginx(manifest) as (url, pid):
        headers = {}
        if asked is not None:
            headers["Authorization"] = _basic("mel", asked.secrets["MEL_TOKEN"])
        paths = [f"/v2/{name}/manifests/latest" for name in REPOSITORIES]
        yield Served(Requests(url, paths, headers=headers), pid)


def _guarded(asked: Hubadmin) -> str:
    # `return` would answer before nginx asks: the manifest comes from a second location.
    host = urlsplit(asked.url).netloc
    return f"""
        upstream hubadmin {{ server {host.replace("localhost", "127.0.0.1")}; keepalive 32; }}
        location /v2/ {{ auth_request /ask; try_files /none @manifest; }}
        location @manifest {{ default_type application/json; return 200 '{{}}'; }}
        location = /ask {{
            internal;
            proxy_pass http://hubadmin/authz/nginx;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host {host};
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header X-Registry-Token {asked.secrets["ACME_REGISTRY_TOKEN"]};
            proxy_set_header X-Original-Method $request_method;
            proxy_set_header X-Original-URI $request_uri;
        }}
    """


def _basic(name: str, secret: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"
