"""Proof, before anyone is measured, that it does the work: the answer is whole, and bad tokens are refused."""

import http.client
import time

from bench.gateway.contenders import Contender, Running
from bench.gateway.setting import TARGET
from bench.gateway.tokens import Tokens
from bench.gateway.upstream import BODY
from bench.processes import Failed

_READY_SECONDS = 10
_OK = 200
_REFUSED = (401, 403)  # Envoy answers 403 where the audience is another


def prove(contender: Contender, running: Running, tokens: Tokens) -> None:
    """Raises Failed with what was answered otherwise than it must be."""
    algorithm = contender.algorithm or "ES256"
    body = await_ready(contender, running, tokens)
    if body != BODY:
        raise Failed(f"{contender.label} answers another body: {body!r}")
    for what, token in tokens.bad(algorithm).items():
        if contender.algorithm and (status := _ask(running.port, token)[0]) not in _REFUSED:
            raise Failed(f"{contender.label} answers {status} to a token that is bad: {what}")


def await_ready(contender: Contender, running: Running, tokens: Tokens) -> bytes:
    """Return what is answered to a good token, once that is a success. Raises Failed."""
    good = tokens.make(contender.algorithm or "ES256", 1)[0]
    until = time.monotonic() + _READY_SECONDS
    while (answer := _ask(running.port, good))[0] != _OK:
        if time.monotonic() > until:
            raise Failed(f"{contender.label} answers {answer} to a good token")
        time.sleep(0.1)
    return answer[1]


def _ask(port: int, token: str) -> tuple[int, bytes]:
    """Return the status and the body; 0 where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", TARGET, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
