"""Reading whom a registry sends its clients to."""

import pytest

from registries.challenge import Finding, read_challenge

REALM, SERVICE = "https://iam.example/auth/token", "acme"
REGISTRY = ("Docker-Distribution-API-Version", "registry/2.0")


@pytest.mark.parametrize(
    ("status", "challenge", "finding"),
    [
        (401, f'Bearer realm="{REALM}",service="{SERVICE}"', Finding.ASKS_BY_TOKEN),
        (401, f'bearer service={SERVICE}, realm="{REALM}", scope=""', Finding.ASKS_BY_TOKEN),
        (401, f'Bearer realm="{REALM}/",service="{SERVICE}"', Finding.ASKS_ELSEWHERE),
        (401, f'Bearer realm="{REALM}",service="other"', Finding.ASKS_ELSEWHERE),
        (401, f'Bearer realm="{REALM}"', Finding.ASKS_ELSEWHERE),
        (401, 'Basic realm="Hubadmin"', Finding.ASKS_LIVE),
        (401, 'Basic realm="Registry"', Finding.ASKS_ELSEWHERE),
        (401, "", Finding.ASKS_ELSEWHERE),
        (401, "Bearer", Finding.ASKS_ELSEWHERE),
        (401, 'Bearer realm="' + "a" * 9000, Finding.ASKS_ELSEWHERE),
        (401, None, Finding.NO_REGISTRY),
        (200, None, Finding.ASKS_NOBODY),
        (302, None, Finding.NO_REGISTRY),
        (503, None, Finding.NO_REGISTRY),
    ],
)
def test_what_an_answer_means(status: int, challenge: str | None, finding: Finding) -> None:
    headers = [REGISTRY]
    if challenge is not None:
        headers.append(("WWW-Authenticate", challenge))
    read = read_challenge(status, headers, realm=REALM, service=SERVICE)
    assert read.finding is finding


def test_any_web_page_is_no_registry() -> None:
    read = read_challenge(200, [("Content-Type", "text/html")], realm=REALM, service=SERVICE)
    assert read.finding is Finding.NO_REGISTRY


def test_what_a_stranger_wrote_is_shown_in_part() -> None:
    long = 'Bearer realm="' + "r" * 9000 + '",service="' + "s" * 9000 + '"'
    read = read_challenge(401, [("www-authenticate", long)], realm=REALM, service=SERVICE)
    assert (len(read.realm), len(read.service)) == (200, 200)
