"""What to write into the configuration of Envoy, Traefik and Angos so that they ask Hubadmin."""

from registries.products import AT_EVERY_REQUEST, Connection, Product, Step, quoted


def envoy_yaml(connection: Connection) -> str:
    """The filter by which Envoy asks; `hubadmin` is a cluster that leads to the site."""
    return (
        "http_filters:\n"
        "  - name: envoy.filters.http.ext_authz\n"
        "    typed_config:\n"
        '      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n'
        "      failure_mode_allow: false\n"
        "      status_on_error: { code: ServiceUnavailable }\n"
        "      http_service:\n"
        "        server_uri:\n"
        f"          uri: {quoted(connection.site_url)}\n"
        "          cluster: hubadmin\n"
        "          timeout: 2s\n"
        "        path_prefix: /authz/envoy\n"
        "        authorization_request:\n"
        "          allowed_headers:\n"
        "            patterns: [{ exact: content-type }]\n"
        "          headers_to_add:\n"
        f"            - {{ key: X-Registry-Token, value: {quoted(connection.secret)} }}\n"
        "  - name: envoy.filters.http.router\n"
        "    typed_config:\n"
        '      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n'
    )


def traefik_yaml(connection: Connection) -> str:
    """Traefik's three middlewares and the router that goes through them to the registry."""
    return (
        "http:\n"
        "  middlewares:\n"
        "    hubadmin-credential:\n"
        "      headers:\n"
        "        customRequestHeaders:\n"
        f"          X-Registry-Token: {quoted(connection.secret)}\n"
        "    hubadmin:\n"
        "      forwardAuth:\n"
        f"        address: {quoted(connection.site_url + '/authz/traefik')}\n"
        "        trustForwardHeader: false\n"
        "        authRequestHeaders: [Authorization, Content-Type, X-Registry-Token]\n"
        "    hubadmin-off:\n"
        "      headers:\n"
        "        customRequestHeaders:\n"
        '          X-Registry-Token: ""\n'
        '          Authorization: ""\n'
        "  routers:\n"
        "    registry:\n"
        f"      rule: Host(`{connection.name}`) && PathPrefix(`/v2/`)\n"
        "      middlewares: [hubadmin-credential, hubadmin, hubadmin-off]\n"
        "      service: registry\n"
        "  services:\n"
        "    registry:\n"
        "      loadBalancer:\n"
        "        servers: [{ url: http://127.0.0.1:5000 }]\n"
    )


def angos_toml(connection: Connection) -> str:
    """The webhook by which the Angos registry asks."""
    return (
        "[auth.webhook.hubadmin]\n"
        f"url = {quoted(connection.site_url + '/authz/angos')}\n"
        "timeout_ms = 2000\n"
        f"bearer_token = {quoted(connection.secret)}\n"
        "cache_ttl = 0\n"
        "\n"
        "[global]\n"
        'authorization_webhook = "hubadmin"\n'
    )


def envoy(connection: Connection) -> Product:
    return Product(
        "envoy",
        "Envoy in front of any registry",
        "Envoy's ext_authz filter asks Hubadmin about each request over HTTP. Not tried with Envoy "
        "itself: send refused pulls through before you rely on it.",
        AT_EVERY_REQUEST,
        (
            Step(
                "Put the filter into the connection manager, before the router. Make a cluster "
                f"named hubadmin that leads to {connection.site_host}.",
                envoy_yaml(connection),
                "envoy.yaml",
            ),
            Step(
                "On the connection manager, refuse paths that can be read in two ways.",
                "normalize_path: true\n"
                "path_with_escaped_slashes_action: REJECT_REQUEST\n"
                "common_http_protocol_options:\n"
                "  headers_with_underscores_action: REJECT_REQUEST\n",
                "envoy.yaml",
            ),
            Step(
                "On the route, take the password off before the registry.",
                "request_headers_to_remove: [authorization]\n",
                "envoy.yaml",
            ),
            Step(
                "Envoy asks under the name that clients use: add it to Hubadmin's settings.",
                f"HUBADMIN_ALLOWED_HOSTS={connection.site_host},{connection.name}",
            ),
        ),
    )


def traefik(connection: Connection) -> Product:
    return Product(
        "traefik",
        "Traefik in front of any registry",
        "Traefik's forwardAuth asks Hubadmin about each request. Not tried with Traefik itself: "
        "send refused pulls through before you rely on it.",
        AT_EVERY_REQUEST,
        (
            Step(
                "Write the middlewares and the router. The registry's own address is yours to "
                "choose; nothing but Traefik may reach it.",
                traefik_yaml(connection),
                "a file of Traefik's file provider",
            ),
        ),
    )


def angos(connection: Connection) -> Product:
    return Product(
        "angos",
        "Angos",
        "The Angos registry asks by a webhook, and names the user whom it knows by itself: its "
        "users need the names that they have here. Not tried with Angos itself.",
        AT_EVERY_REQUEST,
        (
            Step(
                "Add the webhook. With another cache_ttl, an answer is used again for that long.",
                angos_toml(connection),
                "config.toml",
            ),
        ),
    )
