"""Fetch an address: only http(s), only to addresses that may be reached, with limits on everything.

A name is resolved once, every address it resolves to is checked, and the connection goes to one of the addresses that were
checked: a second look-up could answer differently (DNS rebinding). Redirects are followed here, each with the same checks,
and compressed bodies are unpacked here, so that a small download cannot grow without limit.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx

from onrecord.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onrecord.settings import Settings

_REDIRECTS = 5
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})
_LONGEST_ADDRESS = 4000
_ACCEPT = "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, */*;q=0.1"
_EMBEDDED_IPV4 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave."""

    data: bytes
    """The body, unpacked."""
    address: str
    """The final address, after redirects."""
    media_type: str | None
    charset: str | None
    retrieved_at: dt.datetime
    headers: tuple[tuple[str, str], ...]


def resolve(host: str, port: int) -> list[str]:
    """Return every address that ``host`` resolves to.

    Raises:
        FetchError: it resolves to none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"{host}: the name does not resolve ({error}); check the address and the connection"
        raise FetchError(message) from error
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def fetch(
    address: str,
    *,
    settings: Settings,
    transport: httpx.BaseTransport | None = None,
    resolver: Callable[[str, int], list[str]] = resolve,
) -> Fetched:
    """Fetch ``address``.

    ``transport`` and ``resolver`` stand in for the network in tests; the checks are made all the same.

    Raises:
        FetchError: the address may not be fetched, cannot be reached, answers with an error, or exceeds a limit.
    """
    deadline = time.monotonic() + settings.fetch_timeout_seconds
    seen: list[str] = []
    current = address.strip()
    with httpx.Client(
        transport=transport,
        trust_env=False,  # a proxy from the environment would make the connection in our place, unchecked
        follow_redirects=False,
        timeout=settings.fetch_timeout_seconds,
        headers={"User-Agent": "onrecord (source check)", "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"},
    ) as client:
        while True:
            if len(seen) > _REDIRECTS:
                message = (
                    f"{address}: more than {_REDIRECTS} redirects ({' → '.join(seen[-3:])} …); give the final address"
                )
                raise FetchError(message)
            if current in seen:
                message = f"{address}: redirects in a circle at {current}; give the final address"
                raise FetchError(message)
            seen.append(current)
            try:
                found = _request(client, current, settings, resolver, deadline)
            except httpx.TimeoutException as error:
                message = f"{current}: no answer within {settings.fetch_timeout_seconds:g} s; try again later"
                raise FetchError(message) from error
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
                message = (
                    f"{current}: could not be fetched ({type(error).__name__}: {str(error)[:200]}); check the address"
                )
                raise FetchError(message) from error
            if isinstance(found, Fetched):
                return found
            current = found


def _request(
    client: httpx.Client,
    address: str,
    settings: Settings,
    resolver: Callable[[str, int], list[str]],
    deadline: float,
) -> Fetched | str:
    """Return the body at ``address``, or the address that it redirects to."""
    host, port, scheme = _checked_parts(address)
    targets = _checked_host(host, port, settings, resolver)
    url = httpx.URL(address)
    # The certificate is checked against the name, although the connection goes to the number.
    extensions: dict[str, object] = {"sni_hostname": host} if scheme == "https" else {}
    response = _connect(client, url, targets, extensions)
    try:
        if response.status_code in _REDIRECT_CODES:
            location: str = response.headers.get("Location", "")
            if not location:
                message = f"{address}: redirects (HTTP {response.status_code}) to nowhere"
                raise FetchError(message)
            return urljoin(address, location)
        if response.status_code != httpx.codes.OK:
            message = f"{address}: answered HTTP {response.status_code}; open it in a browser to see why"
            raise FetchError(message)
        data = _body(response, address, settings, deadline)
        media_type, charset = _content_type(response.headers.get("Content-Type", ""))
        return Fetched(
            data=data,
            address=str(url.copy_with(fragment=None)),
            media_type=media_type,
            charset=charset,
            retrieved_at=dt.datetime.now(dt.UTC),
            headers=tuple(response.headers.items()),
        )
    finally:
        response.close()


def _connect(client: httpx.Client, url: httpx.URL, targets: list[str], extensions: dict[str, object]) -> httpx.Response:
    """Send the request to the first of the checked addresses that takes the connection."""
    for position, target in enumerate(targets, 1):
        request = client.build_request(
            "GET",
            url.copy_with(host=target, fragment=None),
            headers={"Host": url.netloc.decode("ascii")},
            extensions=extensions,
        )
        try:
            return client.send(request, stream=True)
        except httpx.ConnectError:
            if position == len(targets):
                raise
    message = f"{url}: the name does not resolve; check the address and the connection"
    raise FetchError(message)


def _checked_parts(address: str) -> tuple[str, int, str]:
    """Return host, port and scheme of an address that may be tried.

    Raises:
        FetchError: it is no http(s) address, or carries a password.
    """
    shown = address[:200]
    if len(address) > _LONGEST_ADDRESS or any(character <= " " or character == "\x7f" for character in address):
        message = f"{shown!r}: not an address (too long, or with blanks in it); accepted are http:// and https://"
        raise FetchError(message)
    try:
        parts = urlsplit(address)
        port = parts.port
        host = httpx.URL(address).raw_host.decode("ascii").strip("[]")
    except (ValueError, httpx.InvalidURL, UnicodeError) as error:
        message = f"{shown!r}: not an address ({error}); accepted are http:// and https://"
        raise FetchError(message) from error
    if parts.scheme not in {"http", "https"} or not host:
        message = f"{shown!r}: scheme {parts.scheme!r}; accepted are http:// and https:// with a host"
        raise FetchError(message)
    if "@" in parts.netloc:
        message = "an address with a user name or password in it is not fetched; give the plain address"
        raise FetchError(message)
    return host, port or (443 if parts.scheme == "https" else 80), parts.scheme


def _checked_host(host: str, port: int, settings: Settings, resolver: Callable[[str, int], list[str]]) -> list[str]:
    """Return the addresses to connect to; all addresses of the host must be allowed.

    Raises:
        FetchError: one of them is not.
    """
    addresses = resolver(host, port)
    if not addresses:
        message = f"{host}: the name does not resolve; check the address and the connection"
        raise FetchError(message)
    for found in addresses:
        if not settings.allow_private_addresses and not is_global(found):
            message = (
                f"{host}: resolves to {found}, which is not a public address; it is not fetched."
                " If it is right, set allow_private_addresses (ONRECORD_ALLOW_PRIVATE_ADDRESSES=true)"
            )
            raise FetchError(message)
    return addresses[:3]


def is_global(address: str) -> bool:
    """Tell whether an IP address is one of the public network, also where an IPv4 address is wrapped in an IPv6 one.

    >>> is_global("127.0.0.1"), is_global("::ffff:10.0.0.1"), is_global("1.1.1.1")
    (False, False, True)
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if "%" in address or found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        return mapped is not None and "%" not in address and is_global(str(mapped))
    if isinstance(found, ipaddress.IPv6Address):
        inner: list[ipaddress.IPv4Address] = [
            *(item for item in (found.ipv4_mapped, found.sixtofour) if item is not None),
            *(found.teredo or ()),
        ]
        if any(found in network for network in _EMBEDDED_IPV4):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
        return all(is_global(str(item)) for item in inner)
    return True


def _body(response: httpx.Response, address: str, settings: Settings, deadline: float) -> bytes:
    limit = settings.fetch_max_bytes
    too_large = f"{address}: larger than {limit} bytes; raise fetch_max_bytes (ONRECORD_FETCH_MAX_BYTES) if it is right"
    declared = response.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > limit:
        raise FetchError(too_large)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        message = f"{address}: packed as {encoding[:40]!r}; accepted are gzip and deflate"
        raise FetchError(message)
    unpacker = None
    if encoding not in {"identity", ""}:
        unpacker = _Unpacker(raw_deflate_allowed=encoding == "deflate", limit=limit)
    out = bytearray()
    # Pieces as they arrive: to ask for a size would wait for it, past any deadline, while a server drips.
    for piece in response.iter_raw():
        if time.monotonic() > deadline:
            message = f"{address}: not complete after {settings.fetch_timeout_seconds:g} s; try again later"
            raise FetchError(message)
        try:
            out += unpacker.unpack(piece, len(out)) if unpacker else piece
        except zlib.error as error:
            message = f"{address}: its packed body is damaged ({error}); try again later"
            raise FetchError(message) from error
        if len(out) > limit:
            raise FetchError(too_large)
    if unpacker is not None and out and not unpacker.complete:
        message = f"{address}: its packed body ends too early; try again later"
        raise FetchError(message)
    return bytes(out)


class _Unpacker:
    """Unpacks gzip and deflate, never to more than ``limit`` bytes and one."""

    def __init__(self, *, raw_deflate_allowed: bool, limit: int) -> None:
        self._raw_allowed = raw_deflate_allowed
        self._limit = limit
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    @property
    def complete(self) -> bool:
        """Whether the end of the packed body was seen."""
        return self._zlib.eof

    def unpack(self, piece: bytes, have: int) -> bytes:
        """Return what ``piece`` unpacks to, cut off one byte over the limit."""
        room = self._limit - have + 1
        try:
            return self._zlib.decompress(piece, room)
        except zlib.error:
            if not self._raw_allowed or have:
                raise
            # Some servers send "deflate" without the zlib head that the standard wants.
            self._zlib = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            self._raw_allowed = False
            return self._zlib.decompress(piece, room)


def _content_type(header: str) -> tuple[str | None, str | None]:
    media_type, _, rest = header.partition(";")
    charset = None
    for part in rest.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == "charset" and value.strip():
            charset = value.strip().strip("\"'")
    return media_type.strip().lower() or None, charset
