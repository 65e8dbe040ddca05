"""An authenticator app, as RFC 6238 describes it, and what people do with one."""

import hmac
import re
import struct
import time
from base64 import b32decode

import httpx

from tests.conftest import post

PAGE = "/accounts/2fa/"
ACTIVATE = "/accounts/2fa/totp/activate/"
REAUTHENTICATE = "/accounts/reauthenticate/"


def code_of_app(secret: str, periods_later: int = 0) -> str:
    """What the app shows now, or some half-minutes from now."""
    counter = struct.pack(">Q", int(time.time()) // 30 + periods_later)
    digest = hmac.digest(b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def confirm(client: httpx.Client, password: str) -> None:
    """Enter the password again, as one does before a change."""
    answer = post(client, REAUTHENTICATE, password=password)
    assert answer.status_code == 302, answer.text


def set_up_app(client: httpx.Client, password: str) -> str:
    """Set an authenticator app up on its page; the secret that it holds from then on."""
    confirm(client, password)
    page = client.get(ACTIVATE).text
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", page)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "code": code_of_app(secret)}
    answer = client.post(ACTIVATE, data=form)
    assert answer.headers.get("location") == "/accounts/2fa/recovery-codes/", answer.text
    return str(secret)


def remove_app(client: httpx.Client) -> None:
    answer = post(client, "/accounts/2fa/totp/deactivate/")
    assert answer.status_code == 302, answer.text
