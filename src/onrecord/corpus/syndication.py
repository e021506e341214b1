"""Copies of one story: the same text with another headline, byline, cut or wording here and there.

Candidates come from MinHash over word pairs (Broder 1997; the library is datasketch), in bands, so that nothing is compared
with everything. Whether two candidates are copies is then decided on their words, aligned: bulletins that differ only in a
figure, a name or the day are different stories, although nearly all of their words agree.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from onrecord.records import Passage, Source

METHOD = 1
"""Number of this way of making signatures; a change of it makes them all anew."""
SHINGLE_WORDS = 2
BANDS, ROWS = 63, 2
"""A pair of resemblance 0.3 becomes a candidate with probability 0.997, one of 0.2 with 0.92, one of 0.1 with 0.47."""
MOST_IN_BAND = 50
_MET, _RESEMBLING = 500_000, 10_000
"""Pairs in memory before those met twice are put together (4 MB), and pairs of signatures (10 MB)."""
SHORT_WORDS = 60
"""Up to here a text is told from others of its form by its day: headlines and bulletins."""
ALIGNED_WORDS = 2500
"""Longer texts are compared by their shingles: to align them word by word takes seconds."""

# Tuned with python -m evals run syndication --seed 1 (November 2026); reported with another seed.
_RESEMBLANCE, _RESEMBLANCE_SHORT = 0.15, 0.08
"""Candidates are aligned from this share of equal values in their signatures on."""
_CONTAINMENT, _CONTAINMENT_SHORT = 0.5, 0.6
_DENSITY = 0.6
_LEAST_SHARE = 0.25
"""A text of fewer of the other's words is a quotation of it, or quoted by it: not a copy, and perhaps the primary source."""
_SWAPPED = 0.1
DAYS_SHORT = 2
_RUN, _RUN_SHORT = 5, 2
_LEAST_MATCHED = 4
_SAME_NAME, _SAME_WORD = 70.0, 80.0
_SAME_SENTENCE, _REPEATED = 80.0, 0.75
"""Not tuned: a window of three sentences with one that is new is kept, one with another headline is not."""

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:[’']\w+)*")
_ENDS_SENTENCE = re.compile(r"(?:\A|[.!?:;|\n“”\"(—-])\s*\Z")
_TITLE_CASE = 0.6

UNDATED = -(10**6)


@dataclass(frozen=True, slots=True)
class Story:
    """A text made ready for comparison."""

    words: tuple[str, ...]
    """Lower-cased."""
    telling: frozenset[int]
    """Positions of figures and names: what makes another story of the same form."""
    published: dt.date | None
    publisher: str

    @property
    def short(self) -> bool:
        """Whether it is a headline or bulletin."""
        return len(self.words) <= SHORT_WORDS


def story(text: str, *, published: dt.date | None, publisher: str) -> Story:
    """Make a text ready for comparison."""
    words: list[str] = []
    figures: list[int] = []
    names: list[int] = []
    capitals = 0
    for found in _TOKEN.finditer(text):
        word = found[0]
        if any(character.isdigit() for character in word):
            figures.append(len(words))
        elif word[0].isupper():
            capitals += 1
            if not _ENDS_SENTENCE.search(text, max(0, found.start() - 3), found.start()):
                names.append(len(words))
        words.append(word.casefold().replace("’", "'").removesuffix("'s"))
    in_title_case = capitals > _TITLE_CASE * max(1, len(words))
    telling = frozenset(figures if in_title_case else figures + names)
    return Story(tuple(words), telling, published, publisher)


def shingles(words: Sequence[str]) -> set[str]:
    """Return the runs of ``SHINGLE_WORDS`` words; a text shorter than that is one shingle.

    >>> sorted(shingles(["they", "met", "again"]))
    ['met again', 'they met']
    """
    return {" ".join(words[at : at + SHINGLE_WORDS]) for at in range(max(1, len(words) - SHINGLE_WORDS + 1))}


def signature(words: Sequence[str]) -> bytes:
    """Return the MinHash of a text's shingles: ``BANDS * ROWS`` numbers of 32 bits, in the processor's least-first order."""
    import numpy as np  # noqa: PLC0415  0.1 s, and most commands need none
    from datasketch import MinHash  # noqa: PLC0415  as above

    made = MinHash(num_perm=BANDS * ROWS, permutations=_permutations(), hashfunc=zlib.crc32, scheme="affine32")
    made.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in shingles(words)])
    return bytes(np.asarray(made.hashvalues, dtype="<u4").tobytes())


@functools.cache
def _permutations() -> npt.NDArray[np.uint32]:
    import numpy as np  # noqa: PLC0415  0.1 s, and most commands need none
    from datasketch import MinHash  # noqa: PLC0415  as above

    return np.asarray(MinHash(num_perm=BANDS * ROWS, seed=1, scheme="affine32").permutations)


class Compared(NamedTuple):
    """What is known of many texts without reading them, row by row."""

    values: npt.NDArray[np.uint32]
    """Their signatures, shape (n, ``BANDS * ROWS``)."""
    days: npt.NDArray[np.int32]
    """Day of publication as an ordinal; ``UNDATED`` for none."""
    short: npt.NDArray[np.bool_]


def candidates(new: Compared, others: Compared) -> npt.NDArray[np.int64]:
    """Return the pairs (row of ``new``, row of ``others``) that are worth aligning, each once. Shape (pairs, 2).

    Where many share a band's key (a bulletin printed every day), each of ``others`` meets the ``MOST_IN_BAND`` nearest by day.
    """
    import numpy as np  # noqa: PLC0415  0.1 s, and most commands need none

    new_keys, other_keys = _band_keys(new.values), _band_keys(others.values)
    found: list[npt.NDArray[np.int64]] = []
    for band in range(BANDS):
        order = np.lexsort((new.days, new_keys[:, band]))
        sorted_keys = new_keys[order, band]
        left = np.searchsorted(sorted_keys, other_keys[:, band], "left")
        right = np.searchsorted(sorted_keys, other_keys[:, band], "right")
        for row in np.flatnonzero(right - left > MOST_IN_BAND):
            nearest = left[row] + np.searchsorted(new.days[order[left[row] : right[row]]], others.days[row])
            left[row] = min(max(left[row], nearest - MOST_IN_BAND // 2), right[row] - MOST_IN_BAND)
            right[row] = left[row] + MOST_IN_BAND
        counts = right - left
        there = np.repeat(np.arange(len(other_keys)), counts)
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        here = order[np.repeat(left, counts) + offsets]
        dated = (new.days[here] != UNDATED) & (others.days[there] != UNDATED)
        apart = np.abs(new.days[here] - others.days[there]) > DAYS_SHORT
        possible = ~((new.short[here] | others.short[there]) & dated & apart)
        found.append(here[possible] * len(other_keys) + there[possible])
        if sum(map(len, found)) > _MET:
            found = [np.unique(np.concatenate(found))]
    pairs = np.stack(np.divmod(np.unique(np.concatenate(found)), len(other_keys)), axis=1)
    kept = [
        part[
            (new.values[part[:, 0]] == others.values[part[:, 1]]).mean(axis=1)
            >= np.where(new.short[part[:, 0]] | others.short[part[:, 1]], _RESEMBLANCE_SHORT, _RESEMBLANCE)
        ]
        for part in np.array_split(pairs, 1 + len(pairs) // _RESEMBLING)
    ]
    return np.concatenate(kept)


def _band_keys(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """Return the two numbers of every band as one, without a copy."""
    return values.view("u8")


def may_be_copies(first: Story, second: Story) -> bool:
    """Tell from their days and publishers whether two stories can be copies; the words are not read.

    A publisher that prints nearly the same few words on another day reports another event.
    """
    if not (first.short or second.short):
        return True
    if first.published is None or second.published is None:
        return first.publisher != second.publisher
    apart = abs((first.published - second.published).days)
    return apart <= (0 if first.publisher == second.publisher else DAYS_SHORT)


def containment(first: Story, second: Story) -> float | None:
    """Return the share of the shorter text's words that the longer one has in the same order; ``None``: no copies.

    Names and figures that stand in for one another, in the part that both texts have, make them two stories.
    """
    fewer, more = sorted((len(first.words), len(second.words)))
    if fewer <= _LEAST_SHARE * more or not may_be_copies(first, second):
        return None
    if fewer > ALIGNED_WORDS:
        return _containment_of_shingles(first, second)
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415  as above

    short = first.short or second.short
    operations = list(Levenshtein.opcodes(first.words, second.words))
    run = _RUN_SHORT if short else _RUN
    runs = [
        at for at, found in enumerate(operations) if found.tag == "equal" and found.src_end - found.src_start >= run
    ]
    if not runs:
        return None
    shared = operations[runs[0] : runs[-1] + 1]  # without headlines, bylines and what was cut
    matched = swapped = 0
    for found in shared:
        here, there = range(found.src_start, found.src_end), range(found.dest_start, found.dest_end)
        if found.tag == "equal":
            matched += len(here)
        elif found.tag == "replace":
            matched += _alike([first.words[at] for at in here], [second.words[at] for at in there])
            swapped += _swapped(
                [first.words[at] for at in here if at in first.telling],
                [second.words[at] for at in there if at in second.telling],
            )
    least = min(shared[-1].src_end - shared[0].src_start, shared[-1].dest_end - shared[0].dest_start)
    contained = matched / fewer
    enough = contained >= (_CONTAINMENT_SHORT if short else _CONTAINMENT) and matched >= max(
        _LEAST_MATCHED, _DENSITY * least
    )
    telling = sum(1 for at in first.telling if shared[0].src_start <= at < shared[-1].src_end)
    return contained if enough and swapped <= _SWAPPED * telling else None


def _alike(here: list[str], there: list[str]) -> int:
    """Count the words that are the same but for a slip or spelling."""
    from rapidfuzz import fuzz  # noqa: PLC0415  as above

    if len(here) != len(there):
        return 0
    return sum(1 for word, other in zip(here, there, strict=True) if fuzz.ratio(word, other) >= _SAME_WORD)


def _swapped(here: list[str], there: list[str]) -> int:
    """Count the names and figures of either side that have no counterpart on the other."""
    from rapidfuzz import fuzz  # noqa: PLC0415  as above

    def same(word: str, other: str) -> bool:
        # Another spelling of a name is the same name; another figure is never the same figure.
        return word == other or (not (word + other)[-1].isdigit() and fuzz.ratio(word, other) >= _SAME_NAME)

    alone = sum(1 for word in here if not any(same(word, other) for other in there))
    alone_there = sum(1 for word in there if not any(same(word, other) for other in here))
    return min(alone, alone_there)


def _containment_of_shingles(first: Story, second: Story) -> float | None:
    here, there = shingles(first.words), shingles(second.words)
    contained = len(here & there) / min(len(here), len(there))
    figures = [{word for word in item.words if word[0].isdigit()} for item in (first, second)]
    fewer = min(figures, key=len)
    if contained < _CONTAINMENT or len(figures[0] & figures[1]) < (1 - 2 * _SWAPPED) * len(fewer):
        return None
    return contained


def standing(source: Source) -> tuple[bool, bool, int, dt.date, dt.datetime, str]:
    """Order copies by which stands for all: what may be searched, the most primary, the most trusted, the earliest."""
    return (
        source.withdrawn,
        not source.primary,
        source.trust_tier or 4,
        source.published or dt.date.max,
        source.added_at or source.retrieved_at,
        source.id,
    )


def without_copies(passages: Sequence[Passage]) -> dict[str, tuple[str, ...]]:
    """Return the passages to be kept, by id, each with the sources that carry a copy of it and are left out.

    Of the copies of one story, the source that stands highest keeps its passages; of another, what is not in those is kept:
    where a story was cut, the rest of it may be the evidence.
    """
    kept: dict[str, list[str]] = {passage.id: [] for passage in passages}
    stories: dict[str, list[Passage]] = {}
    for passage in passages:
        if passage.source.story is not None:
            stories.setdefault(passage.source.story, []).append(passage)
    for members in stories.values():
        taken: list[Passage] = []
        for passage in sorted(members, key=lambda member: standing(member.source)):  # stable: best hit first
            same = _repeated(passage, [other for other in taken if other.source.id != passage.source.id])
            if same is None:
                taken.append(passage)
            else:
                del kept[passage.id]
                if passage.source.id not in kept[same.id]:
                    kept[same.id].append(passage.source.id)
    return {id_: tuple(copies) for id_, copies in kept.items()}


def _repeated(passage: Passage, taken: Sequence[Passage]) -> Passage | None:
    """Return the one of ``taken`` that repeats most of a passage, if together they repeat nearly all of it.

    Sentence by sentence: another headline shifts every window of a copy.
    """
    from rapidfuzz import fuzz  # noqa: PLC0415  as above

    repeats = dict.fromkeys((other.id for other in taken), 0)
    repeated = 0
    for sentence in _sentences(passage):
        holders = [
            other.id
            for other in taken
            if any(fuzz.ratio(sentence, theirs) >= _SAME_SENTENCE for theirs in _sentences(other))
        ]
        repeated += len(sentence) if holders else 0
        for holder in holders:
            repeats[holder] += len(sentence)
    if not repeated or repeated < _REPEATED * sum(map(len, _sentences(passage))):
        return None
    return max(taken, key=lambda other: repeats[other.id])


def _sentences(passage: Passage) -> list[str]:
    start = passage.span.start
    return [passage.text[span.start - start : span.end - start].casefold() for span in passage.sentences]


def clusters(members: dict[str, Source], pairs: Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """Return for each source the one that stands for its story, or ``None`` where it has no copies.

    Stars, not chains: a source belongs to a story by being a copy of the one that stands for it. A chain of near copies would
    join the first bulletin of a year to the last.
    """
    near: dict[str, set[str]] = {id_: set() for id_ in members}
    for first, second in pairs:
        near[first].add(second)
        near[second].add(first)
    stories: dict[str, str | None] = {}
    for id_ in sorted(members, key=lambda member: standing(members[member])):
        if id_ in stories:
            continue
        copies = [other for other in near[id_] if other not in stories]
        stories[id_] = id_ if copies else None
        stories.update(dict.fromkeys(copies, id_))
    return stories
