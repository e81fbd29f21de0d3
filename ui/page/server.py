"""What the page's server adds to Gradio's: it keeps the page on this machine.

Gradio's own HTML names pictures and addresses on the web, for previews when a link to the
page is shared; they go. A content security policy has the browser refuse whatever else would
be fetched from elsewhere; it does not stop a script in the page, against which everything that
comes from a record is escaped. Nothing can be uploaded, no page of another site is answered, and
a server that listens on this machine only answers to no other name, so that no site can reach it
under a name of its own (DNS rebinding).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's templates are functions compiled in the browser, hence 'unsafe-eval'.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PREVIEWS = re.compile(rb'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')


def fastapi_options(host: str) -> dict[str, Any]:
    """Options for the server that listens on `host`; its own documentation is off."""
    middleware = [Middleware(StaysHere)]
    if _is_loopback(host):
        names = ["127.0.0.1", "localhost", "[", host]  # "[" is what is compared of [::1]
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=names))
    return {"middleware": middleware, "docs_url": None, "redoc_url": None, "openapi_url": None}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class StaysHere:
    """ASGI middleware: sets the policy and takes the previews out of HTML."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _is_unwanted(scope):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, _Rewriter(send).send)


def _is_unwanted(scope: Scope) -> bool:
    """Whether a request uploads a file, or comes from a page of another site."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    return foreign or scope["path"].rstrip("/").endswith("/upload")


class _Rewriter:
    """Passes a response on; one in HTML whole and rewritten."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            if headers.get(b"content-type", b"").startswith(b"text/html"):
                self._held = message
                return
        elif self._held is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_rewritten(self._held)
            return
        await self._send(message)

    async def _send_rewritten(self, start: Message) -> None:
        body = _PREVIEWS.sub(b"", self._body)
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        added = [
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", _POLICY.encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await self._send({**start, "headers": [*kept, *added]})
        await self._send({"type": "http.response.body", "body": body})
