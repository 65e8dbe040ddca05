"""What an access token can be limited to (D16)."""

from collections.abc import Sequence

from orgs.actor import Invalid
from permissions.core.reference import InvalidReference, fold, fold_host, parse, parse_namespace

EVERYTHING_BELOW = "/*"
MOST = 100


def read_limits(texts: Sequence[str]) -> list[str]:
    """Several limits, as decisions compare them. Raises `Invalid` for one that can't be."""
    if len(texts) > MOST:
        raise Invalid(f"An access token can be limited to at most {MOST} repositories.")
    return [read_limit(text) for text in texts]


def read_limit(text: str) -> str:
    """A limit as decisions compare it, read as images are: `docker.io/acme/app`, `acme/*`.

    Raises `Invalid` for what no repository could ever lie in.
    """
    try:
        if text.endswith(EVERYTHING_BELOW):
            host, path = parse_namespace(text.removesuffix(EVERYTHING_BELOW))
            limit = f"{fold_host(host)}/{path}{EVERYTHING_BELOW}" if path else None
        else:
            limit = _repository(text)
    except InvalidReference as error:
        raise _refused(text, str(error)) from error
    if limit is None:
        raise _refused(
            text, "Give a repository, docker.io/acme/app, or all of a namespace, docker.io/acme/*."
        )
    return limit


def _repository(text: str) -> str | None:
    reference = parse(text)
    # A single word would be one of Docker Hub's official images; a host is meant more often.
    if "/" not in text or reference.tag is not None or reference.digest is not None:
        return None
    return str(fold(reference))


def _refused(text: str, why: str) -> Invalid:
    return Invalid(f"{text!r} can't limit an access token. {why}")
