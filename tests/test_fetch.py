"""Fetching many addresses: conditional requests, retries, robots.txt, pace; and the lists that name addresses."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
from typing import TYPE_CHECKING

import httpx
import pytest

from onrecord.documents import Listing, Received, read, read_fetched, read_listing
from onrecord.documents.feeds import parse_listing
from onrecord.documents.fetch import Fetched, Validators, fetch, patiently
from onrecord.documents.polite import Fetcher
from onrecord.documents.received import Raw
from onrecord.errors import DocumentError, EmptyDocumentError, FetchError, UnsupportedFormatError
from onrecord.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PUBLIC = "93.184.216.34"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", fetch_pause_seconds=2)


class Web:
    """Answers requests from a table of functions, with a clock that only sleeping moves."""

    def __init__(self, pages: dict[str, Callable[[httpx.Request], httpx.Response]]) -> None:
        self.pages = pages
        self.now = 1000.0
        self.asked: list[tuple[str, float]] = []
        self.slept: list[float] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        address = f"{request.url.scheme}://{request.headers['Host']}{request.url.raw_path.decode()}"
        self.asked.append((address, self.now))
        page = self.pages.get(address)
        return page(request) if page else httpx.Response(404, stream=httpx.ByteStream(b""))

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def fetcher(self, settings: Settings) -> Fetcher:
        return Fetcher(
            settings,
            transport=httpx.MockTransport(self.answer),
            resolver=lambda *_: [PUBLIC],
            clock=lambda: self.now,
            sleep=self.sleep,
        )

    @property
    def addresses(self) -> list[str]:
        return [address for address, _ in self.asked]


def text(body: bytes = b"Words.", status: int = 200, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    given = {"Content-Type": "text/plain", **{key.replace("_", "-"): value for key, value in headers.items()}}
    return lambda _: httpx.Response(status, headers=given, stream=httpx.ByteStream(body))


def one(
    answer: Callable[[httpx.Request], httpx.Response], settings: Settings, known: Validators | None = None
) -> Fetched:
    return fetch(
        "http://example.org/a",
        settings=settings,
        known=known,
        transport=httpx.MockTransport(answer),
        resolver=lambda *_: [PUBLIC],
    )


# Conditional requests


def test_validators_are_returned_and_sent(settings: Settings) -> None:
    stamp = "Fri, 29 Mar 2024 10:00:00 GMT"
    first = one(text(ETag='"v1"', Last_Modified=stamp), settings)
    assert first.modified
    assert first.validators == Validators('"v1"', stamp)

    def unchanged(request: httpx.Request) -> httpx.Response:
        assert request.headers["If-None-Match"] == '"v1"'
        assert request.headers["If-Modified-Since"] == stamp
        return httpx.Response(304, headers={"ETag": '"v1"'}, stream=httpx.ByteStream(b""))

    second = one(unchanged, settings, known=first.validators)
    assert not second.modified
    assert second.data == b""


@pytest.mark.parametrize(
    "known",
    [
        None,  # nothing was asked: an answer of 304 is the server's fault
        Validators(),  # nothing is known
    ],
)
def test_not_modified_without_a_condition_is_an_error(settings: Settings, known: Validators | None) -> None:
    with pytest.raises(FetchError, match="HTTP 304"):
        one(text(status=304), settings, known=known)


def test_condition_that_fails_gives_the_new_state(settings: Settings) -> None:
    found = one(text(b"New words.", ETag='"v2"'), settings, known=Validators('"v1"'))
    assert (found.modified, found.data, found.validators.etag) == (True, b"New words.", '"v2"')


def test_what_is_kept_of_a_fetch(settings: Settings) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/a":
            return httpx.Response(302, headers={"Location": "/b"}, stream=httpx.ByteStream(b""))
        return text(Set_Cookie="session=secret", X_Served_By="cache-1")(request)

    document = read_fetched(one(answer, settings), settings=settings)
    assert isinstance(document, Received)
    (content,) = document.contents
    assert content.data == b"Words."
    assert content.sha256 == document.content_sha256
    note = content.fetched
    assert note is not None
    assert (note.requested, note.address, note.status) == ("http://example.org/a", "http://example.org/b", 200)
    assert note.retrieved_at.tzinfo is not None
    headers = dict(note.headers)
    assert headers["x-served-by"] == "cache-1"
    assert "set-cookie" not in headers  # a secret, and no provenance


# Retries


@pytest.mark.parametrize(
    ("answers", "slept", "outcome"),
    [
        ([text()], [], "Words."),
        ([text(status=503), text()], [1], "Words."),  # overloaded for a moment
        ([text(status=429, Retry_After="7"), text()], [7], "Words."),  # the server says when
        ([text(status=503, Retry_After="0"), text()], [1], "Words."),  # not at once, whatever it says
        ([text(status=503, Retry_After="soon"), text()], [1], "Words."),  # says nothing that can be read
        ([text(status=503), text(status=502), text()], [1, 2], "Words."),  # the pause doubles
        ([text(status=500)] * 3, [1, 2], "HTTP 500"),  # given up
        ([text(status=429, Retry_After="3600")], [], "HTTP 429"),  # another day
        ([text(status=404)], [], "HTTP 404"),  # will not pass
        ([text(status=403)], [], "HTTP 403"),
        ([text(status=410)], [], "HTTP 410"),
        ([httpx.ConnectError("refused"), text()], [1], "Words."),
        ([httpx.ReadTimeout("slow"), text()], [1], "Words."),
        ([httpx.RemoteProtocolError("cut off"), text()], [1], "Words."),
        ([text(gzip.compress(b"Words.")[:12], Content_Encoding="gzip"), text()], [1], "Words."),  # cut in transit
        ([text(b"a" * 50_000_000)], [], "larger than"),  # will be as large again
        ([text(Content_Encoding="br")], [], "accepted are gzip"),
    ],
)
def test_retries(
    settings: Settings,
    answers: list[Callable[[httpx.Request], httpx.Response] | Exception],
    slept: list[float],
    outcome: str,
) -> None:
    left = list(answers)
    pauses: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        following = left.pop(0)
        if isinstance(following, Exception):
            raise following
        return following(request)

    try:
        found = patiently(lambda: one(answer, settings), attempts=3, sleep=pauses.append).data.decode()
    except FetchError as error:
        found = str(error)
    assert outcome in found
    assert pauses == slept
    assert not left


def test_retry_after_a_moment(settings: Settings) -> None:
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    with pytest.raises(FetchError) as caught:
        one(text(status=503, Retry_After=later), settings)
    assert caught.value.wait_seconds is not None
    assert 25 < caught.value.wait_seconds <= 30
    with pytest.raises(FetchError) as caught:
        one(text(status=503, Retry_After="Fri, 01 Jan 2021 00:00:00 GMT"), settings)
    assert caught.value.wait_seconds == 0  # past already


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (403, False), (503, False)])
def test_error_tells_whether_the_page_is_gone(settings: Settings, status: int, *, gone: bool) -> None:
    with pytest.raises(FetchError) as caught:
        one(text(status=status), settings)
    assert caught.value.status == status
    assert (caught.value.status in {404, 410}) is gone


# robots.txt and pace


RULES = """# a comment
User-agent: *
Disallow: /private/
Disallow: /*.pdf$
Allow: /private/press/

User-agent: onrecord
Crawl-delay: 5
Disallow: /drafts/
"""


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/a", True),  # an empty file
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),  # forbids nothing
        ("User-agent: *\nDisallow: /private/", "/private/a", False),
        (
            "User-agent: *\nDisallow: /private/\nAllow: /private/press/",
            "/private/press/a",
            True,
        ),  # the longer rule wins
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),  # wildcards
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf.html", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: onrecord\nDisallow: /drafts/", "/a", True),  # our own group counts
        ("User-agent: *\nDisallow:\n\nUser-agent: OnRecord\nDisallow: /drafts/", "/drafts/a", False),  # in any case
        ("User-agent: other\nDisallow: /", "/a", True),
        ("<html>no robots here</html>", "/a", True),  # a page where the rules should be
        ("\ufeffUser-agent: *\r\nDisallow: /", "/a", False),  # a byte-order mark
        ("User-agent: *\nDisallow: /caf%C3%A9", "/caf%C3%A9", False),  # escaped
    ],
)
def test_robots(settings: Settings, rules: str, path: str, *, allowed: bool) -> None:
    address = f"https://example.org{path}"
    web = Web({"https://example.org/robots.txt": text(rules.encode()), address: text()})
    if allowed:
        assert web.fetcher(settings).fetch(address).data == b"Words."
    else:
        with pytest.raises(FetchError, match=r"robots\.txt forbids"):
            web.fetcher(settings).fetch(address)
        assert address not in web.addresses


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (text(status=404), True),  # none: everything may be fetched
        (text(status=401), True),  # RFC 9309 counts all of 400 to 499 as none
        (text(status=503), False),  # unreachable: nothing may
        (text(b"\x00\x01\x02" * 100), True),  # no text at all
        (text(b"User-agent: *\nDisallow: /\n" + b"# long\n" * 300_000), False),  # its head counts
    ],
)
def test_robots_that_cannot_be_had(
    settings: Settings, answer: Callable[[httpx.Request], httpx.Response], *, allowed: bool
) -> None:
    web = Web({"https://example.org/robots.txt": answer, "https://example.org/a": text()})
    if allowed:
        assert web.fetcher(settings).fetch("https://example.org/a").data == b"Words."
    else:
        with pytest.raises(FetchError, match=r"robots\.txt"):
            web.fetcher(settings).fetch("https://example.org/a")
        assert "https://example.org/a" not in web.addresses


def test_robots_are_asked_once_for_each_origin_and_again_after_a_day(settings: Settings) -> None:
    pages = {f"https://example.org/{name}": text() for name in "abc"}
    web = Web({**pages, "https://other.example/a": text()})
    fetcher = web.fetcher(settings)
    for address in pages:
        fetcher.fetch(address)
    fetcher.fetch("https://other.example/a")
    assert [address for address in web.addresses if address.endswith("robots.txt")] == [
        "https://example.org/robots.txt",
        "https://other.example/robots.txt",
    ]
    web.now += 90_000
    fetcher.fetch("https://example.org/a")
    assert web.addresses[-2:] == ["https://example.org/robots.txt", "https://example.org/a"]


def test_each_host_has_its_pace(settings: Settings) -> None:
    web = Web({f"https://{host}.example/{name}": text() for host in "xy" for name in "abc"})
    fetcher = web.fetcher(settings)
    for name in "abc":
        for host in "xy":
            fetcher.fetch(f"https://{host}.example/{name}")
    for host in "xy":
        times = [moment for address, moment in web.asked if f"//{host}." in address]
        assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(times))
    # Two hosts take their turns: the whole takes no longer than one of them alone.
    assert web.now - 1000 < 10


def test_crawl_delay_is_kept(settings: Settings) -> None:
    web = Web({"https://e.org/robots.txt": text(RULES.encode()), "https://e.org/a": text(), "https://e.org/b": text()})
    fetcher = web.fetcher(settings)
    fetcher.fetch("https://e.org/a")
    fetcher.fetch("https://e.org/b")
    first, second = (moment for address, moment in web.asked if not address.endswith("robots.txt"))
    assert second - first == pytest.approx(5)


def test_absurd_crawl_delay_is_cut(settings: Settings) -> None:
    rules = b"User-agent: *\nCrawl-delay: 86400\n"
    web = Web({"https://e.org/robots.txt": text(rules), "https://e.org/a": text(), "https://e.org/b": text()})
    fetcher = web.fetcher(settings)
    fetcher.fetch("https://e.org/a")
    fetcher.fetch("https://e.org/b")
    assert web.now - 1000 < 40


def test_redirect_asks_the_other_host_too(settings: Settings) -> None:
    web = Web(
        {
            "https://e.org/a": text(status=302, Location="https://other.example/secret"),
            "https://other.example/robots.txt": text(b"User-agent: *\nDisallow: /secret"),
            "https://other.example/secret": text(),
        }
    )
    with pytest.raises(FetchError, match=r"robots\.txt forbids"):
        web.fetcher(settings).fetch("https://e.org/a")
    assert "https://other.example/secret" not in web.addresses


def test_retries_wait_for_their_turn(settings: Settings) -> None:
    left = iter([503, 200])
    web = Web({"https://e.org/a": lambda _: httpx.Response(next(left), stream=httpx.ByteStream(b"Words."))})
    assert web.fetcher(settings).fetch("https://e.org/a").data == b"Words."
    times = [moment for address, moment in web.asked if address == "https://e.org/a"]
    assert times[1] - times[0] >= 2


@pytest.mark.parametrize("address", ["ftp://e.org/a", "https://user:word@e.org/", "nonsense", ""])
def test_addresses_that_may_not_be_fetched_are_not_asked_for_rules(settings: Settings, address: str) -> None:
    web = Web({})
    with pytest.raises(FetchError):
        web.fetcher(settings).fetch(address)
    assert web.asked == []


# Lists of addresses

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Press office</title><link>https://example.org/</link>
<item><title>Talks &amp; terms</title><link>https://example.org/talks#top</link>
<pubDate>Fri, 29 Mar 2024 23:30:00 -0200</pubDate></item>
<item><title>Relative</title><link>/relative</link></item>
<item><title>Again</title><link>https://example.org/talks</link></item>
<item><title>Script</title><link>javascript:alert(1)</link></item>
<item><title>No link</title></item>
</channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Court</title>
<entry><title type="html">&lt;b&gt;Ruling&lt;/b&gt; stands</title><link rel="alternate" href="https://example.org/ruling"/>
<published>2024-03-29T10:00:00Z</published><updated>2024-03-30T11:00:00+02:00</updated></entry></feed>"""
RDF = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel rdf:about="https://example.org/"><title>Old</title></channel>
<item rdf:about="https://example.org/old"><title>Old form</title><link>https://example.org/old</link></item></rdf:RDF>"""
SITEMAP = """<?xml version="1.0"?><!-- made by hand --><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://example.org/a?x=1&amp;y=2 </loc><lastmod>2024-03-29T10:00:00+02:00</lastmod></url>
<url><loc>https://example.org/b</loc><lastmod>2024-03-29</lastmod></url><url><loc>https://example.org/c</loc><lastmod>soon</lastmod></url>
</urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://example.org/one.xml</loc></sitemap><sitemap><loc>https://example.org/two.xml.gz</loc></sitemap>
<sitemap><loc>https://elsewhere.example/three.xml</loc></sitemap><sitemap><loc>https://example.org/gone.xml</loc></sitemap>
</sitemapindex>"""


def listed(data: bytes, settings: Settings, name: str = "https://example.org/list") -> Listing:
    return parse_listing(Raw(data=data, name=name, address=name if "//" in name else None), settings=settings)


@pytest.mark.parametrize(
    ("data", "form", "addresses"),
    [
        (RSS, "feed", ["https://example.org/talks", "https://example.org/relative"]),
        (ATOM, "feed", ["https://example.org/ruling"]),
        (RDF, "feed", ["https://example.org/old"]),
        (SITEMAP, "sitemap", ["https://example.org/a?x=1&y=2", "https://example.org/b", "https://example.org/c"]),
        (
            "# ours\n\nhttps://example.org/a\nHTTP://example.org/b\n",
            "list",
            ["https://example.org/a", "HTTP://example.org/b"],
        ),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_forms_of_lists(settings: Settings, data: str, form: str, addresses: list[str], *, packed: bool) -> None:
    given = gzip.compress(data.encode()) if packed else data.encode()
    found = listed(given, settings)
    assert found.form == form
    assert [entry.address for entry in found.entries] == addresses


def test_what_a_list_says(settings: Settings) -> None:
    first, second = listed(RSS.encode(), settings).entries
    assert (first.title, first.published) == ("Talks & terms", dt.date(2024, 3, 30))  # in UTC
    assert (second.title, second.published, second.changed_at) == ("Relative", None, None)
    assert listed(RSS.encode(), settings).warnings == (
        "3 entries without an http(s) address, or listed twice, were left out",
    )
    (ruling,) = listed(ATOM.encode(), settings).entries
    assert ruling.title == "Ruling stands"
    assert ruling.changed_at == dt.datetime(2024, 3, 30, 9, tzinfo=dt.UTC)
    stamps = [entry.changed_at for entry in listed(SITEMAP.encode(), settings).entries]
    assert stamps == [dt.datetime(2024, 3, 29, 8, tzinfo=dt.UTC), dt.datetime(2024, 3, 29, tzinfo=dt.UTC), None]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", EmptyDocumentError, "without an http"),
        (b"# only notes\n", EmptyDocumentError, "without an http"),
        (b'<rss version="2.0"><channel></channel></rss>', EmptyDocumentError, "a feed without"),
        (b"<urlset></urlset>", EmptyDocumentError, "a sitemap without"),
        (b"https://example.org/a\nfile:///etc/passwd\n", UnsupportedFormatError, "'file:///etc/passwd' is no address"),
        (b"A press release.", UnsupportedFormatError, "is no address"),
        (b"<html><body>A page</body></html>", UnsupportedFormatError, "is no address"),
        (SITEMAP.encode()[:200], DocumentError, "damaged sitemap"),  # truncated
        (gzip.compress(SITEMAP.encode())[:60], DocumentError, "ends too early"),
        (b"\x1f\x8bnonsense", DocumentError, "damaged"),
        (gzip.compress(b"https://e.org/" + b"a" * 40_000_000), DocumentError, "more than 20000000 bytes"),  # a bomb
        (b"<rss><channel><item>", DocumentError, "feed"),
        (
            b'<!DOCTYPE urlset [<!ENTITY a "'
            + b"https://e.org/" * 99
            + b'">]><urlset><url><loc>&a;&a;</loc></url></urlset>',
            DocumentError,
            "without an http",
        ),  # entities are not expanded
        (b"\x00\x01\x02" * 50, DocumentError, "NUL"),
    ],
)
def test_lists_that_are_none(settings: Settings, data: bytes, error: type[DocumentError], message: str) -> None:
    with pytest.raises(error, match=message):
        listed(data, settings)


def test_list_of_an_external_entity_opens_nothing(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("https://example.org/secret")
    for root, item in (
        ("urlset", "<url><loc>&x;</loc></url>"),
        ("rss", "<channel><item><link>&x;</link></item></channel>"),
    ):
        data = f'<!DOCTYPE {root} [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]><{root}>{item}</{root}>'
        try:
            addresses = [entry.address for entry in listed(data.encode(), settings).entries]
        except DocumentError:
            continue
        assert not any("secret" in address for address in addresses)


def test_feed_whose_bytes_are_an_address_fetches_nothing(settings: Settings) -> None:
    found = listed(b"https://example.org/feed", settings)  # feedparser would fetch such a text
    assert found.form == "list"


def test_sitemap_index_is_followed_on_its_own_host(settings: Settings) -> None:
    web = Web(
        {
            "https://example.org/sitemap.xml": text(INDEX.encode()),
            "https://example.org/one.xml": text(SITEMAP.encode()),
            "https://example.org/two.xml.gz": text(gzip.compress(SITEMAP.replace("/b<", "/d<").encode())),
            "https://elsewhere.example/three.xml": text(SITEMAP.encode()),
        }
    )
    fetcher = web.fetcher(settings)
    found = read_listing("https://example.org/sitemap.xml", settings=settings, fetch=fetcher.fetch)
    assert found.form == "sitemap index"
    assert [entry.address[-2:] for entry in found.entries] == ["=2", "/b", "/c", "/d"]
    assert any("another host" in warning for warning in found.warnings)
    assert any("HTTP 404" in warning for warning in found.warnings)
    assert "https://elsewhere.example/three.xml" not in web.addresses


def test_list_in_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("https://example.org/a\n")
    assert read_listing(tmp_path / "list.txt", settings=settings).entries[0].address == "https://example.org/a"
    with pytest.raises(DocumentError, match="cannot be opened"):
        read_listing(tmp_path / "none.txt", settings=settings)


@pytest.mark.parametrize("data", [RSS, ATOM, SITEMAP, INDEX])
def test_list_where_a_document_was_expected(settings: Settings, tmp_path: Path, data: str) -> None:
    (tmp_path / "feed.xml").write_text(data)
    with pytest.raises(UnsupportedFormatError, match="a list of addresses"):
        read(tmp_path / "feed.xml", settings=settings)
