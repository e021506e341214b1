"""Reported speech: who says what, by which words.

Rules over the grammar of a sentence, with a list of reporting verbs whose members were chosen by their frequency as
cues in the PolNeAR
corpus's training part (words and counts only; none of its text is here). ``attributions`` is the door for a text by itself.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from onrecord.claims.linguistics import parse
from onrecord.claims.quotations import find_quotations
from onrecord.claims.resolve import noun_phrase, resolve, subject_of
from onrecord.records import Attribution, Quotation, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onrecord.claims.linguistics import ParsedArticle, ParsedSentence, Token
    from onrecord.claims.resolve import Referents

Kind = Literal["speech", "belief", "attitude"]
"""``speech``: a clause or quotation is uttered; ``belief``: a clause is held; ``attitude``: a thing is called
for, attacked …"""

# Verbs that report what was said or shown, with a clause or a quotation as content.
_SPEECH = frozenset(
    "say tell add write note suggest argue report announce claim tweet explain respond acknowledge declare promise insist"
    " mention warn recall state reveal vow conclude pledge indicate admit deny predict stress emphasize emphasise assert"
    " allege estimate maintain reiterate remark reply answer confirm repeat concede complain boast joke contend affirm"
    " underline underscore testify clarify caution inform remind assure hint imply signal speculate post ask wonder question"
    " propose recommend demand find show rule determine observe lament threaten order swear proclaim pronounce brag quip"
    " shout yell chant cry exclaim plead reason recount retort counter advise urge beg request instruct disclose"
    " divulge certify demonstrate document detail summarise summarize theorize theorise project forecast calculate quote"
    " blog email text whisper scoff muse opine elaborate describe calculate cite point read continue begin interject"
    " insinuate attest profess guarantee notify persuade convince teach hold object protest comment decree stipulate"
    " specify tout sing phone charge encourage allege caution deem".split()
)
# Verbs that report what is thought.
_BELIEF = frozenset(
    "believe think consider know expect hope want fear feel agree doubt suspect assume worry realize realise view regard"
    " see decide plan intend wish prefer learn understand remember forget imagine hear guess figure seek refuse decline"
    " aim anticipate envision envisage desire choose resolve discover reckon judge suppose presume trust dream"
    " like love need recognise recognize sense conceive".split()
)
# Verbs that take a thing, not a clause: reported, but with no proposition to check apart from the report.
_ATTITUDE = frozenset(
    "criticize criticise praise attack support oppose endorse condemn denounce reject dismiss defend discuss blast mock"
    " highlight address challenge advocate favor favour promote slam decry question dispute express raise echo back"
    " welcome applaud champion deride ridicule rebuke assail disavow embrace portray tout propose unveil outline deny"
    " demand cite mention describe announce propose urge recall reveal suggest report explain confirm acknowledge"
    " admit predict note emphasize emphasise stress threaten promise pledge recommend want consider expect fear"
    " believe doubt know see seek decry lament bemoan rip quote accept approve disclose allege detail invoke"
    " misrepresent reference credit compare call accuse blame label brand dub name thank champion charge address echo"
    " like love hate need share issue release offer illustrate target hammer hail rail knock commend congratulate".split()
)
# Verb and preposition that together report: "called for talks", "warned of famine".
_WITH_PREPOSITION = {
    "call": {"for", "on"}, "speak": {"of", "about", "against", "to"}, "talk": {"about", "of"}, "point": {"to", "out"},
    "refer": {"to"}, "warn": {"of", "about", "against"}, "complain": {"about", "of"}, "agree": {"with", "to", "on"},
    "insist": {"on"}, "ask": {"about", "for"}, "think": {"of", "about"}, "worry": {"about"}, "rail": {"against"},
    "push": {"for"}, "boast": {"of", "about"}, "brag": {"about"}, "hope": {"for"}, "dream": {"of"}, "lash": {"out"},
    "hint": {"at"}, "accuse": {"of"}, "apologize": {"for"}, "apologise": {"for"},
    "campaign": {"for", "against"}, "know": {"of", "about"}, "hear": {"of", "about"}, "comment": {"on"},
    "elaborate": {"on"}, "allude": {"to"}, "object": {"to"}, "respond": {"to"}, "blame": {"for"}, "advocate": {"for"},
    "vote": {"for", "against"}, "look": {"for"}, "focus": {"on"}, "learn": {"of", "about"}, "wonder": {"about"},
    "joke": {"about"}, "touch": {"on"}, "lobby": {"for", "against"}, "disagree": {"with"},
}  # fmt: skip
_NOUN_CUES = frozenset(
    "claim statement belief allegation suggestion promise assertion argument view opinion contention accusation warning"
    " pledge vow prediction conclusion finding announcement hope fear concern complaint idea notion insistence admission"
    " acknowledgement acknowledgment report rumor rumour charge demand call proposal request criticism declaration estimate"
    " denial assurance remark comment".split()
)
_TELLING = frozenset(
    "account telling retelling recollection view opinion words reading version assessment judgment judgement estimation"
    " reckoning description".split()
)
"""Whose a clause is: "in her account, P", "in the words of the ministry, P"."""
_NOT_ASSERTING = frozenset(
    "deny doubt dispute question wonder ask refuse decline reject forget urge demand request propose recommend order".split()
)
"""Verbs whose content their subject does not hold to be true."""
_PAPERS = frozenset(
    "decree statement report speech letter book memoir article post tweet message interview testimony order essay blog note"
    " diary lecture address remark word".split()
)
"""What somebody says when it says something: "a decree of Zelensky states"."""
_NOBODY = frozenset("no nobody none neither few hardly scarcely".split())
_UTTERING = frozenset("say tell add write note ask warn argue insist reply explain".split())
_ANNOUNCING = _UTTERING | frozenset("report announce confirm find show state".split())
_WORDS_FOR_QUESTION = frozenset("whether if what who how why when where which".split())
_MANY_SAY = frozenset(
    "said believed reported thought alleged expected rumoured rumored known understood claimed".split()
)
_HEADLINE_CONTENT_FIRST = re.compile(r"^(?P<content>.{12,}?)\s+(?:—|–|--|-)\s+(?P<source>[^—–:.?!]{2,60})$")
_HEADLINE_SOURCE_FIRST = re.compile(r"^(?P<source>[^—–:.?!“”\"]{2,60}?)\s?:\s+(?P<content>\S.{9,})$", re.DOTALL)
_SPEAKER_LABEL = re.compile(
    r"^[\"“']?(?P<source>[A-Z][A-Z.'’-]+(?:\s[A-Z][A-Z.'’-]+){0,3}(?:\s\([^)]{2,40}\))?):\s+(?=\S)"
)
_SIGNATURE = re.compile(r"(?P<dash>[―—–]|--)\s*(?P<source>[A-Z][\w.’'-]+(?:\s[\w.’'-]+){0,4})\s*\.?\s*(?:\n|$)")
_TRAILING = " ,;:–—-\t"
_PLACES = frozenset(
    "kremlin moscow kiev kyiv washington brussels beijing london paris berlin ankara pentagon nato un eu kremlin ministry"
    " white house state department downing street commission".split()
)


@dataclass(frozen=True, slots=True)
class Report:
    """One piece of reported speech, found in one sentence. Spans point into the article.

    ``resolved`` says whether ``speaker`` names someone; ``negated``: the words say that it was *not* said; ``through``: for a
    sentence that goes on inside a quotation opened earlier, nothing of the sentence is cue or source.
    """

    sentence: int
    kind: Kind
    speaker: str
    resolved: bool
    source: Span | None
    cue: Span | None
    content: tuple[Span, ...]
    negated: bool = False
    clause: Token | None = None
    """The head of the content clause, where there is one."""
    verb: Token | None = None

    @property
    def record(self) -> Attribution:
        """The record shown to others."""
        return Attribution(
            speaker=self.speaker,
            speaker_resolved=self.resolved,
            source_span=self.source,
            cue_span=self.cue,
            content_spans=self.content,
        )


def attributions(text: str) -> tuple[Attribution, ...]:
    """Return all reported speech of ``text`` in order: clauses, quotations, and things called for, praised or attacked.

    >>> text = "The war is over, Ms. Brown said."
    >>> [(report.speaker, report.content_spans[0].of(text)) for report in attributions(text)]
    [('Ms. Brown', 'The war is over')]
    """
    article = parse(text)
    return tuple(report.record for report in find_reports(article, resolve(article)))


def find_reports(article: ParsedArticle, referents: Referents) -> list[Report]:
    """Return the reported speech of a parsed article, in order of sentence, outermost first."""
    return _Finder(article, referents).run()


class _Finder:
    def __init__(self, article: ParsedArticle, referents: Referents) -> None:
        self.article = article
        self.referents = referents
        self.quotations = list(find_quotations(article.text))
        self.outer: list[Quotation] = []
        for quotation in self.quotations:  # in order of start, the outer before the inner
            if not self.outer or quotation.span.start >= self.outer[-1].span.end:
                self.outer.append(quotation)

    def run(self) -> list[Report]:
        found: list[Report] = []
        for sentence in self.article.sentences:
            here = (
                self._turn(sentence)
                or self._labelled(sentence)
                or self._signed(sentence)
                or list(self._in_sentence(sentence))
            )
            if sentence.heading:
                here = [report for report in here if not _parted_by_dash(report, self.article.text)]
            here = self._widen(here)
            found.extend(_without_repeats(here))
        self._carry_on(found)
        return sorted(found, key=lambda r: (r.sentence, -sum(s.end - s.start for s in r.content)))

    # One sentence.

    def _turn(self, sentence: ParsedSentence) -> list[Report]:
        """A turn of a conversation: what its speaker says goes on to the end of the paragraph."""
        if sentence.turn is None or sentence.turn.start != sentence.span.start:
            return []
        last = sentence.span.end
        for following in self.article.sentences[sentence.index :]:
            if following.turn != sentence.turn:
                break
            last = following.span.end
        colon = self.article.text.index(":", sentence.turn.end)
        content = Span(start=sentence.base, end=last)
        return [
            self._report(sentence, "speech", sentence.turn, Span(start=colon, end=colon + 1), [content], None, None),
            *self._in_sentence(sentence),
        ]

    def _labelled(self, sentence: ParsedSentence) -> list[Report]:
        """Headlines with a dash or colon, and the speaker labels of transcripts."""
        text = sentence.text
        base = sentence.base
        label = _SPEAKER_LABEL.match(text)
        short = sentence.heading or (self._alone(sentence) and len(text.split()) <= 24)  # noqa: PLR2004  the longest headlines
        match = label or (_HEADLINE_SOURCE_FIRST.match(text.rstrip(".")) if short else None)
        if match and (label or _can_speak(sentence, match.start("source"), match.end("source"), self.referents)):
            # What a transcript's speaker says goes on to the end of the paragraph.
            last = max(s.span.end for s in self.article.sentences if s.paragraph == sentence.paragraph)
            content = Span(start=base + match.end(), end=last) if label else _shift(match, "content", base)
            source = _shift(match, "source", base)
            colon = Span(start=source.end, end=source.end + 1)
            return [self._report(sentence, "speech", source, colon, [content], None, None)]
        match = _HEADLINE_CONTENT_FIRST.match(text) if sentence.heading else None
        if match and _can_speak(sentence, match.start("source"), match.end("source"), self.referents):
            source = _shift(match, "source", base)
            between = text[match.end("content") : match.start("source")]
            dash = base + match.end("content") + len(between) - len(between.lstrip())
            cue = Span(start=dash, end=dash + len(between.strip()))
            return [self._report(sentence, "speech", source, cue, [_shift(match, "content", base)], None, None)]
        return []

    def _alone(self, sentence: ParsedSentence) -> bool:
        beside = self.article.sentences[max(0, sentence.index - 1) : sentence.index + 2]
        return sum(s.paragraph == sentence.paragraph for s in beside) == 1

    def _signed(self, sentence: ParsedSentence) -> list[Report]:
        """A quotation with its speaker's name behind a dash: “…” ― Sonya Herridge."""
        match = _SIGNATURE.search(self.article.text, sentence.span.start, sentence.span.end)
        if not match:
            return []
        quoted = next(
            (q.span for q in self.outer if q.span.end <= match.start("dash") and match.start("dash") - q.span.end <= 4),  # noqa: PLR2004
            None,
        )
        if quoted is None:
            return []
        source = Span(start=match.start("source"), end=match.end("source"))
        cue = Span(start=match.start("dash"), end=match.end("dash"))
        return [self._report(sentence, "speech", source, cue, [quoted], None, None)]

    def _in_sentence(self, sentence: ParsedSentence) -> Iterator[Report]:
        for token in sentence.doc:
            if token.pos_ in ("VERB", "AUX") and token.lower_ != "according":
                yield from self._verb(sentence, token)
            elif token.lower_ == "according" or (token.lower_ == "per" and token.dep_ == "prep"):
                yield from self._according(sentence, token)
            elif token.dep_ == "pobj" and token.lower_ in _TELLING and token.head.lower_ in ("in", "by"):
                yield from self._telling(sentence, token)
            elif token.pos_ == "NOUN" and token.lemma_ in _NOUN_CUES:
                yield from self._noun(sentence, token)

    def _verb(self, sentence: ParsedSentence, verb: Token) -> Iterator[Report]:  # noqa: C901, PLR0911  one rule after another
        lemma = verb.lemma_.lower()
        going_on = lemma == "go" and any(c.dep_ == "prt" and c.lower_ == "on" for c in verb.children)
        saying, holding = lemma in _SPEECH or (going_on and _host_clause(verb) is not None), lemma in _BELIEF
        with_preposition = _WITH_PREPOSITION.get(lemma, set())
        if not (saying or holding or lemma in _ATTITUDE or with_preposition):
            return
        if self._inside_name_of_many(verb):
            return
        source = self._source(sentence, verb)
        if source is None and not _has_impersonal_passive(verb):
            return
        kind: Kind = "speech" if saying else "belief"
        clause = _content_clause(verb)
        cue = _cue(sentence, verb)
        if clause is not None:
            tokens = _content_tokens(clause, verb)
            if tokens:
                yield self._report(sentence, kind, source, cue, _runs(sentence, tokens), clause, verb)
                return
        inserted = _host_clause(verb)
        if inserted is not None and (saying or holding):
            own = {t.i for t in verb.subtree}
            tokens = [t for t in inserted.subtree if t.i not in own]
            if tokens:
                yield self._report(sentence, kind, source, cue, _runs(sentence, tokens), inserted, verb)
                return
        if saying and not (lemma in _UTTERING and _rest_of_sentence(verb)):
            quoted = self._quoted_near(sentence, verb)
            if quoted:
                yield self._report(sentence, kind, source, cue, quoted, None, verb)
                return
        if lemma in _UTTERING and (rest := _rest_of_sentence(verb)):
            yield self._report(sentence, kind, source, cue, _runs(sentence, rest), None, verb)
            return
        if lemma in _ANNOUNCING and (ahead := _clause_ahead(verb)):
            who = max((c for c in verb.children if c.dep_ == "nsubj" and c.i < verb.i), key=lambda t: t.i)
            yield self._report(sentence, kind, self._np(sentence, who), cue, _runs(sentence, ahead), None, verb)
            return
        thing = _thing(verb, with_preposition, takes_object=lemma in _ATTITUDE)
        if thing:
            yield self._report(sentence, "attitude", source, cue, _runs(sentence, thing), None, verb)

    def _inside_name_of_many(self, verb: Token) -> bool:
        """Tell "is said to be", "is believed to have": nobody is named, and the clause is the sentence's own."""
        return (
            verb.lower_ in _MANY_SAY
            and verb.tag_ == "VBN"
            and any(c.dep_ == "nsubjpass" for c in verb.children)
            and any(c.dep_ == "xcomp" for c in verb.children)
        )

    def _source(self, sentence: ParsedSentence, verb: Token) -> Span | None:
        """Return the words for who says it."""
        if _cited_in(verb) is not None or _is_passive(verb):
            return self._passive_source(sentence, verb)
        subject = subject_of(verb)
        if (
            subject is None
            and verb.dep_ in ("advcl", "xcomp", "pcomp", "conj", "ccomp")
            and verb.head.pos_ in ("VERB", "AUX")
        ):
            governor = verb.head
            for _ in range(4):
                subject = subject_of(governor)
                if subject is not None or governor.head.i == governor.i:
                    break
                governor = governor.head
        if subject is None and verb.dep_ == "pcomp" and verb.head.lower_ == "by" and not _is_passive(verb.head.head):
            subject = subject_of(verb.head.head)  # "she summed it up by saying that P"
        if subject is None and verb.dep_ == "acl":
            subject = verb.head
        if subject is None:
            # "… ," said Caddell: the parser sometimes hangs the inverted subject elsewhere.
            after = [
                t for t in verb.doc[verb.i + 1 : verb.i + 4] if t.ent_type_ in ("PERSON", "ORG") or t.pos_ == "PROPN"
            ]
            subject = (
                after[0]
                if after and verb.lemma_ in ("say", "add", "write", "tell") and after[0].i == verb.i + 1
                else None
            )
            if subject is None:
                return None
        if subject.lower_ == "it" and any(c.dep_ == "ccomp" for c in verb.children) and verb.lemma_ in ("be", "seem"):
            return None
        return self._np(sentence, subject)

    def _passive_source(self, sentence: ParsedSentence, verb: Token) -> Span | None:
        """Return who said what was said by them, or what they were cited as saying."""
        citing = _cited_in(verb) or verb
        if citing is not verb:
            # "Orlov was cited by the agency as saying that P", "the agency cited Orlov as saying that P"
            direct = next((c for c in citing.children if c.dep_ == "dobj"), None)
            cited = subject_of(citing) if _is_passive(citing) else direct
            return self._np(sentence, cited) if cited is not None else None
        behind = [c for c in verb.children if c.dep_ == "prep" and c.lower_ == "as"]
        if any(_cited_in(g) is not None for c in behind for g in c.children):
            return None  # the report is that of "saying"
        agents = [g for c in verb.children if c.dep_ == "agent" for g in c.children if g.dep_ == "pobj"]
        if agents:
            return self._np(sentence, agents[0])
        subject = subject_of(verb) if behind and verb.lemma_ in ("quote", "cite") else None
        return self._np(sentence, subject) if subject is not None else None

    def _np(self, sentence: ParsedSentence, head: Token) -> Span:
        return sentence.span_of(noun_phrase(head, full=False))

    def _according(self, sentence: ParsedSentence, token: Token) -> Iterator[Report]:
        to = next((c for c in token.children if c.lower_ == "to" and c.dep_ in ("prep", "mark")), None)
        if token.lower_ == "per":
            to = token
        if to is None and token.i + 1 < len(sentence.doc) and sentence.doc[token.i + 1].lower_ == "to":
            to = sentence.doc[token.i + 1]
        who = next((c for c in (to.children if to is not None else ()) if c.dep_ in ("pobj", "dobj")), None)
        if to is None or who is None or (token.lower_ == "per" and who.ent_type_ not in ("PERSON", "ORG")):
            return
        governor = token.head
        while (
            governor.dep_
            in ("prep", "pobj", "pcomp", "npadvmod", "advmod", "amod", "compound", "dobj", "acomp", "attr")
            and governor.head.i != governor.i
        ):
            governor = governor.head
        own = {t.i for t in token.subtree} | {t.i for t in who.subtree} | {to.i}
        tokens = [t for t in governor.subtree if t.i not in own]
        if len(tokens) < 3:  # noqa: PLR2004  not a clause
            return
        cue = sentence.span_of([token, to])
        yield self._report(sentence, "speech", self._np(sentence, who), cue, _runs(sentence, tokens), governor, None)

    def _telling(self, sentence: ParsedSentence, noun: Token) -> Iterator[Report]:
        """A clause that is told in somebody's words: "in her account, P", "P, in the view of the bank"."""
        of = next((c for c in noun.children if c.dep_ == "prep" and c.lower_ == "of"), None)
        owner = next((c for c in noun.children if c.dep_ == "poss"), None) or next(
            (c for c in (of.children if of is not None else ()) if c.dep_ == "pobj"), None
        )
        preposition, governor = noun.head, noun.head.head
        own = {t.i for t in preposition.subtree}
        first, last = min(own), max(own)
        after = sentence.doc[last + 1] if last + 1 < len(sentence.doc) else None
        set_off = after is not None and (
            after.lower_ == "," or (after.is_punct and first > 0 and sentence.doc[first - 1].lower_ == ",")
        )
        plain = not any(c.dep_ == "amod" for c in noun.children)  # "in full view of the cameras"
        if owner is None or not (set_off and plain) or governor.pos_ not in ("VERB", "AUX") or not subject_of(governor):
            return
        tokens = [t for t in governor.subtree if t.i not in own]
        cue = sentence.span_of([preposition, noun])
        yield self._report(sentence, "speech", _name_of(sentence, owner), cue, _runs(sentence, tokens), governor, None)

    def _noun(self, sentence: ParsedSentence, noun: Token) -> Iterator[Report]:
        clause = next(
            (
                c
                for c in noun.children
                if c.dep_ in ("acl", "ccomp", "relcl")
                and any(g.dep_ == "mark" and g.lower_ in ("that", "whether") for g in c.children)
            ),
            None,
        )
        owner = next((c for c in noun.children if c.dep_ == "poss"), None)
        if clause is None or owner is None:
            return
        source = _name_of(sentence, owner)
        content = _runs(sentence, list(clause.subtree))
        yield self._report(sentence, "speech", source, sentence.span_of([noun]), content, clause, noun)

    def _quoted_near(self, sentence: ParsedSentence, verb: Token) -> list[Span]:
        at = sentence.base + verb.idx
        inside = [q for q in self.outer if q.span.start <= at < q.span.end]
        if inside:
            return []
        near = [q.span for q in self.outer if q.span.overlaps(sentence.span)]
        return near if len(near) <= 3 else near[:3]  # noqa: PLR2004  many scattered scare quotes are no utterance

    def _report(  # noqa: PLR0913, PLR0917  one field per part of a report
        self,
        sentence: ParsedSentence,
        kind: Kind,
        source: Span | None,
        cue: Span | None,
        content: Sequence[Span],
        clause: Token | None,
        verb: Token | None,
    ) -> Report:
        speaker, resolved = self._speaker(sentence, source)
        negated = does_not_assert(verb) or (
            source is not None and source.of(self.article.text).split()[0].lower() in _NOBODY
        )
        spans = tuple(s for s in (_tidy(self.article.text, span) for span in content) if s is not None)
        return Report(sentence.index, kind, speaker, resolved, source, cue, spans, negated, clause, verb)

    def _speaker(self, sentence: ParsedSentence, source: Span | None) -> tuple[str, bool]:  # noqa: C901, PLR0911  one rule after another
        """Return the name behind the words of the source, and whether it names someone."""
        if source is None:
            return "", False
        words = source.of(self.article.text)
        if words.lower() in ("who", "which", "that"):
            for token in sentence.doc:
                if sentence.base + token.idx == source.start and token.head.dep_ == "relcl":
                    return self._speaker(sentence, self._np(sentence, token.head.head))
        head = _head_of(sentence, source)
        for item in self.referents.within(source):
            if item.person and (head is None or item.span.contains(sentence.span_of([head]))):
                return item.person, True
        if named := self._named_by(sentence, source, head):
            return named, True
        for item in self.referents.within(source):
            if item.span == source:
                return item.replacement, True
        family = [p.name for p in self.referents.persons if p.name.split()[-1] == words.split()[-1]]
        if source == sentence.turn and len(family) == 1:
            return family[0], True
        missed = self.referents.unresolved_within(source)
        pronoun = words.lower() in (
            "he",
            "she",
            "they",
            "it",
            "i",
            "we",
            "you",
            "this",
            "that",
            "some",
            "many",
            "one",
            "who",
        )
        for item in reversed(self.referents.within(source)):
            if item.person:  # "Tanaka's group"
                start, end = item.span.start - source.start, item.span.end - source.start
                words = words[:start] + item.replacement + words[end:]
        return words, not missed and not pronoun

    def _named_by(self, sentence: ParsedSentence, source: Span, head: Token | None) -> str:
        """Return the person whom the source names: not whose aide it is, but who it is."""
        persons = [p.name for p in self.referents.persons]
        words = source.of(self.article.text)
        if head is None:
            return next((name for name in persons if name in words), "")
        # "Its chairman, Rui Teixeira": the name stands beside the words for who it is. "A decree of Zelensky": his own words.
        beside = [c for c in head.children if c.dep_ == "appos"]
        author = [g for c in head.children if c.lower_ in ("of", "by", "from") for g in c.children if g.dep_ == "pobj"]
        owner = [c for c in head.children if c.dep_ == "poss"]
        who = [head, *beside, *((*author, *owner) if head.lemma_ in _PAPERS else ())]
        for token in who:
            phrase = sentence.span_of([*(c for c in token.children if c.dep_ == "compound"), token]).of(
                self.article.text
            )
            for name in persons:
                if name in phrase:
                    return name
        return ""

    # Between sentences.

    def _widen(self, reports: list[Report]) -> list[Report]:
        """Let content that touches a quotation take in all of it, also beyond the sentence."""
        widened: list[Report] = []
        for report in reports:
            if report.kind == "attitude" or not report.content:
                widened.append(report)
                continue
            spans = list(report.content)
            low, high = min(s.start for s in spans), max(s.end for s in spans)
            first = bisect.bisect_left(self.outer, low, key=lambda q: q.span.end)
            last = bisect.bisect_left(self.outer, high, key=lambda q: q.span.start)
            for quotation in self.outer[first:last]:
                whole = quotation.span
                taken = (report.source, report.cue)
                if any(t is not None and whole.overlaps(t) for t in taken):
                    continue
                if any(whole.overlaps(s) for s in spans):
                    spans.append(whole)
            merged = _merged(spans, self.article.text)
            widened.append(replace(report, content=tuple(merged)))
        return widened

    def _carry_on(self, reports: list[Report]) -> None:
        """Give quotations without a speaker of their own to the one quoted in the same paragraph before, or else after."""
        # A report made inside a quotation ("I think …") does not say who is quoted.
        covered = [span for r in reports if not self._quoted(r) for span in r.content]
        for quotation in self.outer:
            if len(quotation.text.split()) < 3 or any(span.overlaps(quotation.span) for span in covered):  # noqa: PLR2004
                continue
            holders = [s for s in self.article.sentences if s.span.overlaps(quotation.span)]
            if not holders:
                continue
            first = holders[0]
            # A quotation that is the sentence, or its end after a colon: not scare quotes inside one.
            fills = quotation.span.end - quotation.span.start >= 0.7 * (
                min(first.span.end, quotation.span.end) - first.span.start
            )
            if not fills:
                continue
            giver = self._speaker_of_paragraph(reports, first)
            if giver is None:
                continue
            spans = tuple(sorted((*giver.content, quotation.span), key=lambda s: s.start))
            reports[reports.index(giver)] = replace(giver, content=spans)

    def _quoted(self, report: Report) -> bool:
        return report.cue is not None and any(q.span.contains(report.cue) for q in self.outer)

    def _speaker_of_paragraph(self, reports: list[Report], sentence: ParsedSentence) -> Report | None:
        in_reach = [
            r for r in reports
            if r.kind == "speech" and r.speaker
            and r.source is not None and not self._quoted(r)
            and self.article.sentences[r.sentence].paragraph == sentence.paragraph
            and any(q.span.overlaps(s) for s in r.content for q in self.outer)
        ]  # fmt: skip
        before = [r for r in in_reach if r.sentence <= sentence.index]
        if before:
            return before[-1]
        return in_reach[0] if in_reach else None


def _name_of(sentence: ParsedSentence, owner: Token) -> Span:
    """Return the words for an owner, without the mark of the genitive."""
    return sentence.span_of([t for t in noun_phrase(owner, full=False) if t.tag_ != "POS"])


def _head_of(sentence: ParsedSentence, source: Span) -> Token | None:
    """Return the word that the others of a source belong to; ``None`` for a source outside the parsed words."""
    inside = [t for t in sentence.doc if source.contains(sentence.span_of([t]))]
    here = {t.i for t in inside}
    return next((t for t in inside if (t.head.i not in here or t.head.i == t.i) and not t.is_punct), None)


def does_not_assert(verb: Token | None) -> bool:
    """Tell whether the words report that something was not said, is denied, is asked, or only may be said."""
    if verb is None or verb.pos_ not in ("VERB", "AUX"):
        return False
    if verb.lemma_.lower() in _NOT_ASSERTING or any(c.dep_ == "neg" for c in verb.children):
        return True
    return any(c.dep_ == "aux" and c.tag_ == "MD" for c in verb.children)


def _is_passive(verb: Token) -> bool:
    return any(child.dep_ in ("auxpass", "nsubjpass") for child in verb.children)


def _cited_in(verb: Token) -> Token | None:
    """Return "cited" for the "saying" of "cited as saying"."""
    behind = verb.head
    citing = behind.head
    return citing if verb.dep_ == "pcomp" and behind.lower_ == "as" and citing.lemma_ in ("quote", "cite") else None


def _content_clause(verb: Token) -> Token | None:
    """Return the head of the clause that ``verb`` reports."""
    for child in verb.children:
        if child.dep_ == "ccomp":
            deeper = next((g for g in child.children if g.dep_ == "ccomp" and g.i > child.i and _marked_that(g)), None)
            if (
                deeper is not None
                and not _marked_that(child)
                and child.i > verb.i
                and child.lemma_ not in _SPEECH | _BELIEF
            ):
                return deeper  # "said on the day it ended that P": the parser takes the time clause for the content
            return child
    for child in verb.children:
        if child.dep_ == "xcomp" and child.pos_ in ("VERB", "AUX"):
            return child
    if verb.lemma_.lower() in _SPEECH:
        for child in verb.children:
            if (
                child.dep_ in ("advcl", "parataxis", "dep", "acl", "relcl")
                and (child.pos_ in ("VERB", "AUX") or any(g.dep_ in ("aux", "auxpass") for g in child.children))
                and subject_of(child) is not None
            ):
                opening = min(child.subtree, key=lambda t: t.i).lower_
                marks = [g for g in child.children if g.dep_ in ("mark", "advmod")]
                if opening == "that" or (
                    verb.lemma_ in _UTTERING and (not marks or child.dep_ == "parataxis") and child.dep_ != "relcl"
                ):
                    return child
        return _clause_behind_phrase(verb)
    return None


def _clause_behind_phrase(verb: Token) -> Token | None:
    """Return the "that" clause of "told Trump in a call that P", which the parser hangs on the last noun."""
    for token in verb.subtree:
        if token.i <= verb.i or token.dep_ not in ("acl", "relcl", "ccomp") or token.head.dep_ != "pobj":
            continue
        opening = min(token.subtree, key=lambda t: t.i)
        subject = _own_subject(token)
        outer = token.head.head.head
        if opening.lower_ == "that" and subject is not None and subject.i != opening.i and outer.i == verb.i:
            return token
    return None


def _marked_that(clause: Token) -> bool:
    return any(c.dep_ == "mark" and c.lower_ == "that" for c in clause.children)


def _content_tokens(clause: Token, verb: Token) -> list[Token]:
    """Return the tokens of the content: the clause without its reporting verb and that verb's subject."""
    own: set[int] = set()
    if verb.i in {t.i for t in clause.subtree}:
        own = {t.i for t in verb.subtree}
    tokens = [t for t in clause.subtree if t.i not in own]
    if clause.dep_ == "xcomp" and clause.tag_ == "VB" and verb.tag_ != "VB":
        # "wants to triple the programme, grow the corps and …": the later infinitives hang on the wrong verb.
        for sister in verb.children:
            if sister.dep_ == "conj" and sister.tag_ == "VB" and _own_subject(sister) is None:
                tokens.extend(sister.subtree)
    return tokens


def _own_subject(verb: Token) -> Token | None:
    """Return the subject that ``verb`` has itself, not shared."""
    return next((c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass")), None)


def _host_clause(verb: Token) -> Token | None:
    """Return the clause into which a reporting clause is inserted: "P, he said, Q", "as he put it, P"."""
    if verb.dep_ == "parataxis" and verb.head.pos_ in ("VERB", "AUX", "NOUN", "PROPN"):
        return verb.head
    if verb.dep_ == "advcl" and any(c.dep_ in ("mark", "advmod") and c.lower_ == "as" for c in verb.children):
        return verb.head
    return None


def _has_impersonal_passive(verb: Token) -> bool:
    """Tell "it was reported that P": somebody said it, nobody is named."""
    return any(c.dep_ == "auxpass" for c in verb.children) and any(
        c.dep_ in ("nsubjpass", "expl") and c.lower_ == "it" for c in verb.children
    )


def _thing(verb: Token, prepositions: set[str], *, takes_object: bool) -> list[Token]:
    """Return the thing reported on: the object, or the object of the verb's preposition."""
    if takes_object and any(c.dep_ == "agent" for c in verb.children):
        undergoer = next((c for c in verb.children if c.dep_ == "nsubjpass"), None)
        return list(undergoer.subtree) if undergoer is not None and undergoer.pos_ in ("NOUN", "PROPN") else []
    rest = [c for c in verb.children if c.i > verb.i]
    direct = next((c for c in rest if c.dep_ == "dobj"), None)
    for child in rest:
        if child.dep_ in ("prep", "prt") and child.lower_ in prepositions and child.dep_ == "prep":
            return (
                [t for g in child.children for t in g.subtree]
                if direct is None
                else [t for g in (direct, child) for t in g.subtree]
            )
    if takes_object and direct is not None:
        after = [c for c in rest if c.dep_ in ("prep", "oprd", "dobj", "xcomp") and c.i >= direct.i]
        return [t for c in after for t in c.subtree]
    return []


def _rest_of_sentence(verb: Token) -> list[Token]:
    """Return what follows "says" where the parser saw no clause: "Flynn says Trump 'absolutely right'"."""
    following = [t for t in verb.doc[verb.i + 1 :] if not t.is_punct]
    if len(following) < 4 or verb.i + 1 >= len(verb.doc) or verb.doc[verb.i + 1].is_punct:  # noqa: PLR2004
        return []
    first = verb.doc[verb.i + 1]
    if first.pos_ not in ("PROPN", "NOUN", "DET", "PRON", "ADJ", "NUM") or (
        first.dep_ in ("dobj", "dative", "nsubj", "npadvmod") and first.head.i == verb.i
    ):
        return []
    if (
        verb.i + 2 < len(verb.doc)
        and first.dep_ in ("det", "compound", "amod", "poss")
        and first.head.dep_ in ("dobj", "dative", "nsubj")
        and first.head.head.i == verb.i
    ):
        return []
    return list(verb.doc[verb.i + 1 :])


def _clause_ahead(verb: Token) -> list[Token]:
    """Return the clause before ", researchers reported on Monday" where the parser made it part of the subject."""
    subjects = [c for c in verb.children if c.dep_ == "nsubj" and c.i < verb.i]
    if verb.dep_ != "ROOT" or not subjects:
        return []
    first = min(t.i for t in max(subjects, key=lambda t: t.i).subtree)
    if first < 5 or verb.doc[first - 1].text != ",":  # noqa: PLR2004  fewer words are no clause
        return []
    ahead = list(verb.doc[: first - 1])
    return ahead if any(t.tag_ in ("VBD", "VBZ", "VBP", "MD") for t in ahead) else []


def _cue(sentence: ParsedSentence, verb: Token) -> Span:
    """Return the verb with its auxiliaries, negation and particle, where they stand beside it."""
    first = last = verb.i
    for child in sorted(verb.children, key=lambda t: -t.i):
        if child.i == first - 1 and child.dep_ in ("aux", "auxpass", "neg", "advmod"):
            first = child.i
    for child in verb.children:
        if child.dep_ == "prt" and child.i == last + 1:
            last = child.i
    return sentence.span_of(list(verb.doc[first : last + 1]))


def _runs(sentence: ParsedSentence, tokens: Sequence[Token]) -> list[Span]:
    """Return the unbroken runs of ``tokens`` as ranges of the article, punctuation alone left out."""
    ordered = sorted({t.i: t for t in tokens}.values(), key=lambda t: t.i)
    spans: list[Span] = []
    run: list[Token] = []
    for token in ordered:
        if run and token.i != run[-1].i + 1:
            spans.append(sentence.span_of(run))
            run = []
        run.append(token)
    if run:
        spans.append(sentence.span_of(run))
    return spans


def _tidy(text: str, span: Span) -> Span | None:
    """Cut white space and separating punctuation from both ends; ``None`` when nothing wordlike is left."""
    start, end = span.start, span.end
    while start < end and text[start] in _TRAILING:
        start += 1
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    if text[end - 1 : end] == "." and end - start > 1:
        end -= 1
    return Span(start=start, end=end) if any(c.isalnum() for c in text[start:end]) else None


def _merged(spans: Sequence[Span], text: str) -> list[Span]:
    """Join ranges that touch, or that only marks and white space part."""
    out: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if out and not any(c.isalnum() for c in text[out[-1].end : span.start]) and span.start - out[-1].end <= 4:  # noqa: PLR2004
            out[-1] = Span(start=out[-1].start, end=max(out[-1].end, span.end))
        else:
            out.append(span)
    return [_closed(span, text) for span in out]


def _closed(span: Span, text: str) -> Span:
    """Take in the closing mark of a quotation that ends where the range ends, if its opening mark is inside."""
    after = text[span.end : span.end + 1]
    inside = span.of(text)
    open_inside = (after == "”" and inside.count("“") > inside.count("”")) or (
        after == '"' and inside.count('"') % 2 == 1
    )
    return Span(start=span.start, end=span.end + 1) if open_inside else span


def _without_repeats(reports: list[Report]) -> list[Report]:
    """Drop a report whose content and source another one already has; a clause wins over a thing."""
    rank = {"speech": 0, "belief": 1, "attitude": 2}
    kept: list[Report] = []
    for report in sorted(reports, key=lambda r: (rank[r.kind], -sum(s.end - s.start for s in r.content))):
        if not report.content:
            continue
        if any(r.content == report.content for r in kept):
            continue
        kept.append(report)
    return kept


def _parted_by_dash(report: Report, text: str) -> bool:
    """Tell whether a headline's dash stands between what is said and the verb: "X promises a budget — Y doubts it"."""
    if report.verb is None or report.cue is None:
        return False
    ends = (min(report.cue.start, report.content[0].start), max(report.cue.end, report.content[-1].end))
    return bool(re.search(r"\s[—–-]\s", text[ends[0] : ends[1]])) if report.content else False


def _shift(match: re.Match[str], group: str, base: int) -> Span:
    return Span(start=base + match.start(group), end=base + match.end(group))


def _can_speak(sentence: ParsedSentence, start: int, end: int, referents: Referents) -> bool:
    """Tell whether the words on one side of a headline's dash or colon name someone who speaks."""
    tokens = [t for t in sentence.doc if start <= t.idx < end and not t.is_punct]
    if not tokens or len(tokens) > 8 or any(t.pos_ in ("VERB", "AUX") and t.tag_ != "VBN" for t in tokens):  # noqa: PLR2004
        return False
    if any(t.ent_type_ in ("PERSON", "ORG", "NORP") for t in tokens):
        return True
    words = {t.lower_ for t in tokens}
    if words & _PLACES or any(person.name.split()[-1] in {t.text for t in tokens} for person in referents.persons):
        return True
    speakers = {"spokesman", "spokeswoman", "minister", "president", "official", "officials", "expert", "experts", "source",
                "sources", "diplomat", "lawmaker", "senator", "governor", "media", "report", "study", "poll", "survey",
                "analyst", "analysts", "police", "court", "government", "ministry", "agency", "envoy", "aide",
                "premier"}  # fmt: skip
    return bool({t.lemma_.lower() for t in tokens} & speakers or words & speakers)
