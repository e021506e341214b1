"""Many addresses, fetched as a good guest: robots.txt is asked, each host gets its pace, and what may pass is tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego

from onrecord.documents.characters import decode
from onrecord.documents.fetch import USER_AGENT, Fetched, Validators, fetch, patiently, resolve
from onrecord.errors import DocumentError, FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from onrecord.settings import Settings

_RULES_KEPT = 86_400.0  # seconds; RFC 9309, 2.4
_LARGEST_RULES = 1 << 20  # RFC 9309, 2.5 wants 500 KiB at least
_LONGEST_DELAY = 30.0  # seconds between two requests that a robots.txt may ask for; longer ones are a typing error


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the robots.txt of one origin says."""

    parsed: Protego
    learnt: float
    unreachable: str = ""


class Fetcher:
    """Fetches one address after another. Not for use by several threads.

    >>> from onrecord.settings import load_settings
    >>> with_rules = Fetcher(load_settings())  # nothing is fetched yet
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        resolver: Callable[[str, int], list[str]] = resolve,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep what stands in for the network and the clock in tests."""
        self._settings = settings
        self._transport = transport
        self._resolver = resolver
        self._clock = clock
        self._sleep = sleep
        self._rules: dict[str, _Rules] = {}
        self._next: dict[str, float] = {}

    def fetch(self, address: str, *, known: Validators | None = None) -> Fetched:
        """Fetch ``address``, or learn that the state ``known`` is still the newest.

        Raises:
            FetchError: as ``documents.fetch.fetch``, and where robots.txt forbids it or could not be asked.
        """
        return self._patiently(address, known, self._may_ask)

    def _patiently(self, address: str, known: Validators | None, before: Callable[[str], None]) -> Fetched:
        def attempt() -> Fetched:
            return fetch(
                address,
                settings=self._settings,
                known=known,
                before=before,
                transport=self._transport,
                resolver=self._resolver,
            )

        return patiently(attempt, attempts=self._settings.fetch_attempts, sleep=self._sleep)

    def _may_ask(self, address: str) -> None:
        """Wait for this address' turn, after asking whether it may be fetched; redirects come here too."""
        rules = self._rules_for(address)
        if rules is not None:
            if rules.unreachable:
                message = f"{address}: its robots.txt could not be asked ({rules.unreachable}); try again later"
                raise FetchError(message)
            if not rules.parsed.can_fetch(address, USER_AGENT):
                message = f"{address}: its robots.txt forbids it to {USER_AGENT}; save the page and add the file"
                raise FetchError(message)
        delay = rules.parsed.crawl_delay(USER_AGENT) if rules is not None else None
        self._wait(address, max(self._settings.fetch_pause_seconds, min(delay or 0.0, _LONGEST_DELAY)))

    def _wait(self, address: str, pause: float | None = None) -> None:
        host = urlsplit(address).netloc.lower()
        now = self._clock()
        if (left := self._next.get(host, now) - now) > 0:
            self._sleep(left)
            now += left
        self._next[host] = now + (self._settings.fetch_pause_seconds if pause is None else pause)

    def _rules_for(self, address: str) -> _Rules | None:
        """Return the rules of the address' origin (RFC 9309); ``None`` for what ``fetch`` will refuse anyway."""
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
            return None
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        rules = self._rules.get(origin)
        if rules is None or self._clock() - rules.learnt > _RULES_KEPT:
            rules = self._rules[origin] = self._ask(f"{origin}/robots.txt")
        return rules

    def _ask(self, address: str) -> _Rules:
        try:
            data = self._patiently(address, None, self._wait).data[:_LARGEST_RULES]
            text = decode(data, name=address).text
        except FetchError as error:
            if error.status is not None and 400 <= error.status < 500 and not error.passing:  # noqa: PLR2004  "unavailable" in 2.3.1.3: no rules
                return _Rules(Protego.parse(""), self._clock())
            return _Rules(Protego.parse(""), self._clock(), unreachable=str(error))
        except DocumentError:
            text = ""  # not a text: no rules in it
        return _Rules(Protego.parse(text), self._clock())
