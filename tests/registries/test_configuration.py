"""The configuration that is generated for a connected registry."""

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from registries import asking_proxies, configuration
from registries.configuration import products
from registries.products import Connection
from registries.routes import ROUTES

CHECKOUT = Path(__file__).parents[2]


def connection(
    service: str = "acme",
    host: str = "registry.example.com",
    *,
    mirror: bool = False,
    site: str = "https://iam.example.com",
) -> Connection:
    return Connection(service, host, mirror, site, "hubadmin_reg_secret")


@pytest.mark.parametrize("service", ["acme", "123", "true", "null", "0x1f", "1e3"])
def test_the_token_block_says_what_the_token_server_says(service: str) -> None:
    text = configuration.distribution_yaml(connection(service), certificate="/ca.pem")
    # Words that YAML would read as numbers or truths stay words.
    assert yaml.safe_load(text)["auth"]["token"] == {
        "realm": "https://iam.example.com/auth/token",
        "service": service,
        "issuer": "https://iam.example.com",
        "rootcertbundle": "/ca.pem",
    }


def test_a_mirror_has_an_upstream_and_others_have_none() -> None:
    of_mirror = yaml.safe_load(configuration.distribution_yaml(connection(mirror=True)))
    assert of_mirror["proxy"] == {"remoteurl": "https://registry-1.docker.io"}
    assert "proxy" not in yaml.safe_load(configuration.distribution_yaml(connection()))


def test_a_container_is_told_the_same_by_variables() -> None:
    lines = configuration.distribution_environment(connection()).splitlines()
    said = dict(line.removeprefix("REGISTRY_AUTH_TOKEN_").split("=", 1) for line in lines[1:])
    block = yaml.safe_load(configuration.distribution_yaml(connection()))["auth"]["token"]
    assert {name.lower(): value for name, value in said.items()} == block


def test_zot_is_to_be_reached_by_the_proxy_alone() -> None:
    assert json.loads(configuration.zot_json())["http"] == {"address": "127.0.0.1", "port": "5000"}


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("registry.example.com", "registry.example.com", "443"),
        ("localhost:5000", "localhost", "5000"),
        ("[2001:db8::1]", "[2001:db8::1]", "443"),
        ("[2001:db8::1]:5000", "[2001:db8::1]", "5000"),
    ],
)
def test_nginx_is_called_as_the_images_are(host: str, name: str, port: str) -> None:
    values = configuration.nginx_values(connection(host=host))
    assert f"listen {port} ssl;\nserver_name {name};" in values


def test_the_lines_for_nginx_replace_lines_that_its_configuration_has() -> None:
    whole = (CHECKOUT / "deploy" / "nginx" / "nginx.conf").read_text()
    for line in ("upstream hubadmin {", "upstream registry {", "location = /.hubadmin {"):
        assert line in whole
    values = configuration.nginx_values(connection(site="http://localhost:8000"))
    assert "proxy_pass http://hubadmin/authz/nginx;" in whole
    assert "proxy_pass http://hubadmin/authz/nginx;" in values
    assert "proxy_set_header Host localhost:8000;" in whole
    assert "proxy_set_header Host localhost:8000;" in values
    assert "/etc/nginx/hubadmin-registry-token.conf" in whole


def test_over_tls_nginx_names_whom_it_means() -> None:
    values = configuration.nginx_values(connection())
    assert "server iam.example.com:443;" in values
    assert "proxy_pass https://hubadmin/authz/nginx;" in values
    assert "proxy_ssl_name iam.example.com;" in values


def test_the_credential_stands_only_where_it_is_needed() -> None:
    holding = {
        product.id
        for product in products(connection())
        if any("hubadmin_reg_secret" in step.text for step in product.steps)
    }
    assert holding == {"nginx", "envoy", "traefik", "angos", "own_program"}


def test_envoy_traefik_and_angos_are_told_what_the_documentation_says() -> None:
    documented = (CHECKOUT / "docs" / "operators" / "envoy-traefik-angos.md").read_text()
    to = connection(host="registry.example.com", site="https://iam.example.com")
    for text in (
        asking_proxies.envoy_yaml(to),
        asking_proxies.traefik_yaml(to),
        asking_proxies.angos_toml(to),
    ):
        known = _bare(documented.replace("hubadmin_reg_…", "hubadmin_reg_secret"))
        lines = [_bare(line) for line in text.splitlines() if line]
        # Beyond the page: where the registry itself is, and that a router comes last.
        own = [line for line in lines if line not in known]
        assert len(own) <= 6, own


def _bare(text: str) -> str:
    return text.replace('"', "").strip()


def test_what_is_generated_can_be_read_and_leads_here() -> None:
    to = connection()
    (asks, last) = yaml.safe_load(asking_proxies.envoy_yaml(to))["http_filters"]
    service = asks["typed_config"]["http_service"]
    assert asks["typed_config"]["failure_mode_allow"] is False
    assert service["path_prefix"] + "/{path}" in {route.template for route in ROUTES.values()}
    assert service["authorization_request"]["headers_to_add"][0]["value"] == to.secret
    assert last["name"] == "envoy.filters.http.router"
    traefik = yaml.safe_load(asking_proxies.traefik_yaml(to))["http"]
    assert traefik["middlewares"]["hubadmin"]["forwardAuth"]["address"].endswith("/authz/traefik")
    assert traefik["routers"]["registry"]["middlewares"] == list(traefik["middlewares"])
    angos = tomllib.loads(asking_proxies.angos_toml(to))
    assert angos["auth"]["webhook"]["hubadmin"]["cache_ttl"] == 0
    for path in ("/authz/traefik", "/authz/angos"):
        assert path in ROUTES


def test_every_product_says_how_soon_a_rule_counts() -> None:
    for product in products(connection()):
        assert product.in_force
        assert product.steps
