"""Fetch an address: only http(s), only to addresses that may be reached, with limits on everything.

A name is resolved once, every address it resolves to is checked, and the connection goes to one of the addresses that were
checked: a second look-up could answer differently (DNS rebinding). Redirects are followed here, each with the same checks,
and compressed bodies are unpacked here, so that a small download cannot grow without limit. ``fetch`` makes one attempt;
``patiently`` repeats what may pass. ``polite.Fetcher`` is for many addresses: it asks robots.txt and keeps a pace.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import socket
import ssl
import time
import zlib
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from onrecord.documents.received import FetchNote
from onrecord.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onrecord.settings import Settings

USER_AGENT = "onrecord"
"""The name that robots.txt knows this program by."""

_REDIRECTS = 5
_REDIRECT_CODES = frozenset({301, 302, 303, 307, 308})
_LONGEST_ADDRESS = 4000
_ACCEPT = "text/html, application/xhtml+xml, application/pdf, text/markdown, text/plain;q=0.9, */*;q=0.1"
_PASSING_CODES = frozenset({408, 425, 429, 500, 502, 503, 504})
_FIRST_PAUSE = 1.0  # seconds before the second attempt; twice as long before each further one
_LONGEST_PAUSE = 60.0  # a server that asks for more is left for another day
NOT_KEPT = frozenset({"set-cookie", "set-cookie2"})
"""Headers that hold secrets of a session, and no provenance."""

_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10")
)
"""Of IANA's special-purpose registries: what one Python or another takes for public."""
_EMBEDDED_IPV4 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the state that is at hand already, so that it need not send the same again."""

    etag: str | None = None
    last_modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a conditional request (RFC 9110, 13.1)."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave."""

    data: bytes
    """The body, unpacked; empty when the state at hand is still the newest."""
    requested: str
    """The address that was asked for."""
    address: str
    """The final address, after redirects."""
    status: int
    """200, or 304: not modified."""
    media_type: str | None
    charset: str | None
    retrieved_at: dt.datetime
    headers: tuple[tuple[str, str], ...]

    @property
    def modified(self) -> bool:
        """Whether there is a new state."""
        return self.status != httpx.codes.NOT_MODIFIED

    @property
    def validators(self) -> Validators:
        """What to give at the next fetch."""
        headers = {name.lower(): value for name, value in self.headers}
        return Validators(headers.get("etag"), headers.get("last-modified"))

    @property
    def note(self) -> FetchNote:
        """How it was fetched, to be kept with its bytes."""
        return FetchNote(self.requested, self.address, self.status, self.retrieved_at, self.headers)


def resolve(host: str, port: int) -> list[str]:
    """Return every address that ``host`` resolves to.

    Raises:
        FetchError: it resolves to none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"{host}: the name does not resolve ({error}); check the address and the connection"
        raise FetchError(message, passing=getattr(error, "errno", None) == socket.EAI_AGAIN) from error
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def fetch(  # noqa: PLR0913  the last two are for tests
    address: str,
    *,
    settings: Settings,
    known: Validators | None = None,
    before: Callable[[str], None] | None = None,
    transport: httpx.BaseTransport | None = None,
    resolver: Callable[[str, int], list[str]] = resolve,
) -> Fetched:
    """Fetch ``address``.

    With ``known``, the answer may be that nothing changed (``Fetched.modified``). ``before`` is called with each address
    that is about to be asked, redirects included; it may wait, and may refuse by raising. ``transport`` and ``resolver``
    stand in for the network in tests; the checks are made all the same.

    Raises:
        FetchError: the address may not be fetched, cannot be reached, answers with an error, or exceeds a limit.
    """
    deadline = _Deadline(time.monotonic() + settings.fetch_timeout_seconds)
    seen: list[str] = []
    current = address.strip()
    with httpx.Client(
        transport=transport or _Timed(deadline),
        trust_env=False,  # a proxy from the environment would make the connection in our place, unchecked
        follow_redirects=False,
        timeout=settings.fetch_timeout_seconds,
        headers={
            "User-Agent": f"{USER_AGENT} (source check)",
            "Accept": _ACCEPT,
            "Accept-Encoding": "gzip, deflate",
            **(known.headers if known else {}),
        },
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
            if before is not None:
                asked = time.monotonic()
                before(current)
                deadline.moment += time.monotonic() - asked  # to wait for one's turn is not the server's slowness
            try:
                found = _request(client, current, settings, resolver, deadline)
            except httpx.TimeoutException as error:
                message = f"{current}: no answer within {settings.fetch_timeout_seconds:g} s; try again later"
                raise FetchError(message, passing=True) from error
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
                message = (
                    f"{current}: could not be fetched ({type(error).__name__}: {str(error)[:200]}); check the address"
                )
                raise FetchError(message, passing=isinstance(error, httpx.TransportError)) from error
            if isinstance(found, Fetched):
                return replace(found, requested=seen[0])
            current = found


def patiently(attempt: Callable[[], Fetched], *, attempts: int, sleep: Callable[[float], None] = time.sleep) -> Fetched:
    """Return what ``attempt`` fetches, trying up to ``attempts`` times while it fails in a way that may pass.

    The pause doubles with each attempt; a server that asks for a longer one (``Retry-After``) gets it, up to a minute.

    Raises:
        FetchError: the last failure, or the first that will not pass.
    """
    for failed in itertools.count(1):
        try:
            return attempt()
        except FetchError as error:
            pause = max(_FIRST_PAUSE * 2 ** (failed - 1), error.wait_seconds or 0.0)
            if not error.passing or failed >= attempts or pause > _LONGEST_PAUSE:
                raise
        sleep(pause)
    raise AssertionError  # the counting never ends


@dataclass(slots=True)
class _Deadline:
    """The moment at which a fetch ends, whatever it is doing."""

    moment: float

    def within(self, timeout: float | None) -> float:
        """Return the seconds that a single wait may take.

        Raises:
            httpcore.ReadTimeout: there are none left.
        """
        left = self.moment - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection whose waits end together: a server that sends its head byte by byte would begin each of them anew."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(
            self._inner.start_tls(ssl_context, server_hostname, self._deadline.within(timeout)), self._deadline
        )

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Connects as usual, and bounds what is done with the connection."""

    def __init__(self, deadline: _Deadline) -> None:
        self._inner, self._deadline = httpcore.SyncBackend(), deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        made = self._inner.connect_tcp(host, port, self._deadline.within(timeout), local_address, socket_options)
        return _Stream(made, self._deadline)


class _Timed(httpx.HTTPTransport):
    """httpx's own transport on such a network; httpx has no other place to give it one."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False), network_backend=_Network(deadline)
        )


def _request(
    client: httpx.Client,
    address: str,
    settings: Settings,
    resolver: Callable[[str, int], list[str]],
    deadline: _Deadline,
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
        conditional = "If-None-Match" in client.headers or "If-Modified-Since" in client.headers
        unchanged = response.status_code == httpx.codes.NOT_MODIFIED and conditional
        if response.status_code != httpx.codes.OK and not unchanged:
            message = f"{address}: answered HTTP {response.status_code}; open it in a browser to see why"
            raise FetchError(
                message,
                status=response.status_code,
                passing=response.status_code in _PASSING_CODES,
                wait_seconds=_wait(response.headers.get("Retry-After", "")),
            )
        data = b"" if unchanged else _body(response, address, settings, deadline)
        media_type, charset = content_type(response.headers.get("Content-Type", ""))
        return Fetched(
            data=data,
            requested=address,
            address=str(url.copy_with(fragment=None)),
            status=response.status_code,
            media_type=media_type,
            charset=charset,
            retrieved_at=dt.datetime.now(dt.UTC),
            headers=tuple(pair for pair in response.headers.items() if pair[0].lower() not in NOT_KEPT),
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
    if any(found in network for network in _SPECIAL):
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner: list[ipaddress.IPv4Address] = [
            *(item for item in (found.ipv4_mapped, found.sixtofour) if item is not None),
            *(found.teredo or ()),
        ]
        if any(found in network for network in _EMBEDDED_IPV4):
            inner.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
        return all(is_global(str(item)) for item in inner)
    return True


def _body(response: httpx.Response, address: str, settings: Settings, deadline: _Deadline) -> bytes:
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
        unpacker = Unpacker(raw_deflate_allowed=encoding == "deflate", limit=limit)
    out = bytearray()
    # Pieces as they arrive: to ask for a size would wait for it, past any deadline, while a server drips.
    for piece in response.iter_raw():
        if time.monotonic() > deadline.moment:
            message = f"{address}: not complete after {settings.fetch_timeout_seconds:g} s; try again later"
            raise FetchError(message, passing=True)
        try:
            out += unpacker.unpack(piece, len(out)) if unpacker else piece
        except zlib.error as error:
            message = f"{address}: its packed body is damaged ({error}); try again later"
            raise FetchError(message, passing=True) from error
        if len(out) > limit:
            raise FetchError(too_large)
    if unpacker is not None and out and not unpacker.complete:
        message = f"{address}: its packed body ends too early; try again later"
        raise FetchError(message, passing=True)
    return bytes(out)


class Unpacker:
    """Unpacks gzip and deflate, never to more than ``limit`` bytes and one. Also for feeds, which come packed."""

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


def _wait(header: str) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for: a number, or a moment."""
    header = header.strip()
    if header.isdigit():
        return float(header[:9])
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(dt.UTC) - dt.datetime.now(dt.UTC)).total_seconds())


def content_type(header: str) -> tuple[str | None, str | None]:
    """Return the media type and the charset in a ``Content-Type`` header.

    >>> content_type('text/HTML; charset="utf-8"')
    ('text/html', 'utf-8')
    """
    media_type, _, rest = header.partition(";")
    charset = None
    for part in rest.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == "charset" and value.strip():
            charset = value.strip().strip("\"'")
    return media_type.strip().lower() or None, charset
