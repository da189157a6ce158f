"""What every answer of the gateway carries, whoever made its body."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from aiohttp import web
from multidict import CIMultiDict

from gateway.context import RequestContext
from gateway.downstream.answer import Answer, lines_of, plain_answer, whole_answer
from gateway.downstream.compression import GzipAnswer
from gateway.edge.headers import RawHeader, downstream_headers, plain_lines
from gateway.edge.prefix import Prefix
from gateway.edge.security_headers import add_missing, of_304, security_headers
from gateway.limits.headers import limit_headers, limit_lines
from shared.lifecycle import Lifecycle
from shared.tracing import REQUEST_ID

_NOT_MODIFIED = 304

Header = tuple[str, str]


class Responder:
    """`https` says whether PUBLIC_URL is, and `prefix` is its path.

    A stopping process asks its clients to come back on new connections.
    """

    def __init__(self, lifecycle: Lifecycle, prefix: Prefix, *, https: bool) -> None:
        self._lifecycle = lifecycle
        self._prefix = prefix
        self._https = https
        always = security_headers(html=False, https=https)
        self._security = _wired(tuple(always))

    def answer(
        self,
        request: web.BaseRequest,
        context: RequestContext,
        status: int,
        headers: Iterable[Header],
        *,
        gzip: bool = False,
    ) -> Answer:
        context.status = status
        keep_alive = request.keep_alive and not self._lifecycle.stopping and _may_continue(request)
        kind = GzipAnswer if gzip else Answer
        return kind(request, status, self.headers(context, headers), keep_alive=keep_alive)

    def whole(self, context: RequestContext, headers: Sequence[RawHeader], body: bytes) -> bytes:
        """Return the answer to a GET with everything that goes over the wire, on a connection that stays open."""
        assert context.verdict is not None
        theirs = None if self._prefix.path or context.status == _NOT_MODIFIED else plain_lines(headers)
        if theirs is None:
            context.headers = [*context.headers, *limit_headers(context.verdict)]
            return whole_answer(context.status, self.headers(context, self.prefixed(downstream_headers(headers))), body)
        ours = _wired(tuple(context.headers)), limit_lines(context.verdict), context.request_id.encode("ascii")
        return plain_answer(
            context.status, b"%b%b%b%bX-Request-Id: %b\r\n" % (lines_of(theirs), self._security, *ours), body
        )

    def prefixed(self, headers: Iterable[Header]) -> Iterable[Header]:
        """Return a service's headers with our prefix before the paths that it knows without."""
        return self._prefix.add(headers)

    def headers(self, context: RequestContext, headers: Iterable[Header]) -> CIMultiDict[str]:
        complete = CIMultiDict(headers)
        html = complete.get("Content-Type", "").startswith("text/html")
        ours = security_headers(html=html, https=self._https and not context.plain)
        add_missing(complete, of_304(ours) if context.status == _NOT_MODIFIED else ours)
        complete.extend(context.headers)
        complete[REQUEST_ID] = context.request_id
        return complete


@lru_cache(maxsize=256)
def _wired(headers: tuple[Header, ...]) -> bytes:
    """Our own headers as they go over the wire: the same few, over and over."""
    return lines_of(f"{name}: {value}".encode("ascii") for name, value in headers)


def _may_continue(request: web.BaseRequest) -> bool:
    """Whether another request may follow on this connection.

    Not after an unfinished upload, whose rest would be read as a request. And not where aiohttp 3.14 loses its place
    (tests/integration/gateway/test_framing.py): after a chunked body it takes the last trailer for a header of the
    next request, and after an Upgrade that it doesn't know it drops what came in the same packet.
    """
    headers = request.headers
    return request.content.is_eof() and "Transfer-Encoding" not in headers and "Upgrade" not in headers
