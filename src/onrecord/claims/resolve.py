"""What the words of an article refer to: partial names, titles, pronouns and repeated descriptions.

Careful rules, no model: a word is replaced only when the article leaves one reading. Anything else is an
``Unresolved`` with the
reason; nothing is guessed. Two passes: the first learns who the article introduces and how ("Russian President
Vladimir Putin"), the
second reads in order and resolves.
"""

from __future__ import annotations

import bisect
import datetime as dt
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from onrecord.claims.quotations import find_quotations
from onrecord.records import Quotation, Span, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from onrecord.claims.linguistics import ParsedArticle, ParsedSentence, Token

_LOOK_BACK = 3
"""Sentences in which the person behind a pronoun is looked for; a pronoun further from its name is unclear to readers too."""

_TITLE_NOUNS = frozenset(
    "president premier minister chancellor secretary ambassador governor senator mayor spokesman spokeswoman spokesperson"
    " chairman chairwoman chair director chief head leader commissioner general admiral colonel judge justice attorney"
    " prosecutor lawmaker congressman congresswoman representative king queen prince princess pope patriarch bishop"
    " archbishop cardinal professor economist analyst researcher scientist epidemiologist coach manager captain ceo"
    " executive founder owner author dean superintendent sheriff officer inspector vice-president negotiator envoy"
    " diplomat aide adviser advisor deputy candidate nominee speaker whip columnist historian lawyer doctor"
    " virologist physician surgeon banker striker midfielder goalkeeper councillor headteacher headmaster headmistress"
    " engineer composer conductor shopkeeper writer actor actress singer farmer teacher nurse biologist chemist physicist"
    " glaciologist climatologist statistician referee trainer counterpart coroner auditor lawyer treasurer headteacher"
    " curator surveyor detective pilot critic activist campaigner".split()
)
_MALE_TITLES = frozenset("mr mr. sir lord king prince pope patriarch spokesman chairman congressman".split())
_FEMALE_TITLES = frozenset(
    "mrs mrs. ms ms. miss dame lady queen princess spokeswoman chairwoman congresswoman businesswoman".split()
)
_HONORIFICS = (
    _MALE_TITLES | _FEMALE_TITLES | frozenset("dr dr. prof prof. rev rev. gen gen. sen sen. rep rep. gov gov.".split())
)
# Frequent given names in English-language news, to keep "she" from a man and "he" from a woman; an unknown name fits both.
_MALE_NAMES = frozenset(
    "vladimir sergei sergey dmitry mikhail volodymyr andriy oleksandr donald joe barack george john james robert michael"
    " william david richard charles thomas mark paul steven peter kevin brian jeff scott recep emmanuel olaf friedrich"
    " keir boris rishi viktor alexander yuri pavel ivan marco antony anthony bill bernie mike tim chuck mitch lloyd pete"
    " ali hakan mevlut xi narendra justin pedro giuseppe mario jens antonio rustem kirill jerome joseph daniel matthew"
    " christopher andrew joshua kenneth edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan stephen"
    " larry frank gregory samuel raymond patrick jack dennis walter henry adam nathan douglas zachary kyle noah ethan"
    " jeremy christian keith roger terry sean gerald carl harold arthur lawrence jesse bryan louis philip martin simon"
    " stefan hans klaus wolfgang jürgen lars anders erik magnus jan tomas marek piotr andrzej jean pierre jacques françois"
    " luis carlos jose juan miguel jorge fernando javier rafael luca matteo giovanni paolo omar ahmed mohammed muhammad"
    " hassan mustafa yusuf ibrahim abdullah kenji hiroshi takeshi wei rajesh amit arun colin graham nigel stuart ian neil"
    " gordon alan barry derek trevor oliver harry leo max felix lukas jonas oscar hugo".split()
)
_FEMALE_NAMES = frozenset(
    "hillary angela maria ursula kamala nancy elizabeth theresa liz giorgia sanna mary patricia jennifer linda susan"
    " margaret sarah karen anna olga yulia elena natalia marina kate jane christine janet jessica emily laura rachel"
    " michelle melania ivanka marine kaja mette sophie victoria condoleezza samantha jill annalena barbara betty sandra"
    " ashley kimberly donna carol amanda dorothy melissa deborah stephanie rebecca sharon cynthia kathleen amy shirley"
    " angela helen brenda pamela nicole ruth katherine catherine virginia debra carolyn heather diane julie joyce evelyn"
    " joan christina kelly lauren martha judith cheryl megan andrea olivia ann alice jean doris jacqueline gloria sara"
    " sofia sophia hannah grace denise amber marilyn danielle beverly isabella diana brittany natalie charlotte fiona"
    " julia eva nora lena ingrid astrid greta katarina jana petra monika agnieszka ewa marta claudia chiara francesca"
    " giulia lucia carmen isabel pilar ana fatima aisha leyla zeynep amina yuko keiko mei priya anita lakshmi indira"
    " gillian fiona moira siobhan bridget nicola tessa emma lucy chloe zoe clara rosa irene".split()
)
_COUNTRIES = {
    "russian": "Russia", "ukrainian": "Ukraine", "american": "the United States", "u.s.": "the United States",
    "us": "the United States", "british": "Britain", "uk": "Britain", "french": "France", "german": "Germany",
    "italian": "Italy", "spanish": "Spain", "polish": "Poland", "turkish": "Turkey", "chinese": "China",
    "japanese": "Japan", "indian": "India", "israeli": "Israel", "iranian": "Iran", "belarusian": "Belarus",
    "hungarian": "Hungary", "canadian": "Canada", "mexican": "Mexico", "brazilian": "Brazil", "egyptian": "Egypt",
    "saudi": "Saudi Arabia", "syrian": "Syria", "swedish": "Sweden", "finnish": "Finland", "norwegian": "Norway",
    "danish": "Denmark", "dutch": "the Netherlands", "greek": "Greece", "romanian": "Romania", "czech": "Czechia",
    "slovak": "Slovakia", "austrian": "Austria", "swiss": "Switzerland", "australian": "Australia",
    "korean": "Korea", "pakistani": "Pakistan", "kazakh": "Kazakhstan", "georgian": "Georgia",
}  # fmt: skip
_OWN_COUNTRY = frozenset("country nation homeland".split())
_COMPANY_NOUNS = frozenset("company firm group manufacturer maker operator".split())
_PHRASE_NOUNS = frozenset("phrase words expression term wording quotation quote slogan".split())
# Definite descriptions that name nothing by themselves when the article has said nothing fuller.
_VAGUE_DEFINITES = frozenset(
    "conflict war crisis dispute incident attack agreement deal accord talk negotiation document proposal understanding"
    " study report survey poll company firm group organisation organization country region city government court law bill"
    " measure plan programme program project decision meeting summit event party side figure number rate increase decrease"
    " period path drug vaccine trial team match election vote case document round statement position phrase move emergency"
    " bank committee range cut outbreak epidemic ceasefire treaty delegation ministry operation reform sanction budget rule"
    " ruling verdict strike protest disaster storm fire explosion accident crash invasion outcome result order".split()
)
_ADDITIVE = frozenset("also additionally furthermore moreover besides however meanwhile later then still".split())
_PERSONAL = {
    "he": "male", "him": "male", "his": "male", "himself": "male",
    "she": "female", "her": "female", "hers": "female", "herself": "female",
}  # fmt: skip
_KIN = {
    **dict.fromkeys("son brother father husband uncle nephew grandfather grandson boyfriend".split(), "male"),
    **dict.fromkeys("daughter sister mother wife aunt niece grandmother granddaughter girlfriend".split(), "female"),
}
_PLACES = frozenset({"GPE", "LOC", "FAC"})
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})\s(?P<month>{_MONTH})\s(?P<year>\d{{4}})"
    rf"|(?P<month2>{_MONTH})\s(?P<day2>\d{{1,2}}),\s(?P<year2>\d{{4}})"
    rf"|(?P<month3>{_MONTH})\s(?P<year3>\d{{4}}))\b"
)
_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
_COUNTED = re.compile(
    r"\b(?:(?:on\s)?(?P<same>(?:the\ssame|that)\s(?P<period>day|month|year))"
    r"|(?P<next>the\s(?:following|next)\sday)"
    rf"|(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)})\s(?P<unit>day|week|month|year)s?\slater)\b",
    re.IGNORECASE,
)
_TITLE_WORD = re.compile(r"[^\W\d_](?:[^\W_]|-(?=\w)|[’'](?=\w)(?!s\b))*")
"""A word without its possessive, hyphens and all."""
_FULL_NAME = re.compile(
    r"(?P<given>(?:[A-Z]\.)+|[A-Z][\w’-]+) (?P<middle>(?:(?:[A-Z]\.)+|[A-Z][\w’-]+) )?(?P<family>[A-Z][\w’-]+)",
    re.UNICODE,
)
_BRACKETED = re.compile(r"\([^)]*\)")
_TIMES = frozenset("day week month year time moment morning evening night afternoon decade century hour minute".split())
_NO_FAMILY_NAMES = frozenset(
    "Street Road Avenue Square Library Museum Capital Gallery University College Stadium Theatre Theater Festival Station"
    " Institute Foundation Records Award Awards Prize Cup League Railway Airport Hospital Cathedral".split()
)
"""Last words of names that the tagger takes for persons: "George Street", "Valiant Capital"."""
_NOT_PERSON = frozenset({"GPE", "LOC", "FAC", "NORP", "DATE", "TIME", "EVENT", "WORK_OF_ART", "LAW", "PRODUCT"})


@dataclass(slots=True)
class Person:
    """Someone the article names. ``titles`` are sets of lower-case words ("russian", "president")."""

    name: str
    titles: list[frozenset[str]] = field(default_factory=list)
    gender: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Words of the article and what to write for them. ``person`` when they stand for one the article names."""

    span: Span
    replacement: str
    person: str = ""
    in_sentence: bool = False
    """The antecedent stands in the same sentence: replace only where the words are cut out of it."""


_Placed = TypeVar("_Placed", Resolution, Unresolved)


@dataclass(frozen=True, slots=True)
class Referents:
    """All resolutions of an article, and what could not be resolved, in order of position."""

    persons: tuple[Person, ...]
    resolutions: tuple[Resolution, ...]
    unresolved: tuple[Unresolved, ...]

    def within(self, span: Span) -> tuple[Resolution, ...]:
        """Return the resolutions whose words lie in ``span``."""
        return _inside(self.resolutions, span)

    def unresolved_within(self, span: Span) -> tuple[Unresolved, ...]:
        """Return what could not be resolved in ``span``."""
        return _inside(self.unresolved, span)


def _inside(items: tuple[_Placed, ...], span: Span) -> tuple[_Placed, ...]:
    """Return the items in ``span`` of a tuple ordered by start; bisection keeps long articles linear."""
    first = bisect.bisect_left(items, span.start, key=lambda item: item.span.start)
    last = bisect.bisect_left(items, span.end, key=lambda item: item.span.start)
    return tuple(item for item in items[first:last] if span.contains(item.span))


def resolve(article: ParsedArticle, title: str = "") -> Referents:
    """Resolve the referring words of ``article``; a person whom its ``title`` names is whom it is about."""
    return _Resolver(article, title).run()


def noun_phrase(head: Token, *, full: bool) -> list[Token]:
    """Return the tokens of the noun phrase of ``head``; without its clauses and appositions unless ``full``."""
    wanted = {"det", "predet", "amod", "compound", "nummod", "poss", "nmod", "quantmod", "case", "prep", "neg"}
    if full:
        wanted |= {"acl", "advmod"}
    kept = [head]
    for child in head.children:
        # "human and economic losses", "COVID-19": coordination and hyphens in front of the head belong to it.
        if child.dep_ not in wanted and not (child.dep_ in ("punct", "cc", "conj") and child.i < head.i):
            continue
        if (
            child.dep_ == "prep"
            and child.lower_ in ("on", "by", "during")
            and any(g.ent_type_ == "DATE" for g in child.children)
        ):
            continue  # "declared an emergency on 30 January": the day belongs to the verb, whatever the parser says
        kept.extend(child.subtree)
    kept.sort(key=lambda token: token.i)
    # Only the unbroken run around the head: what lies beyond a gap belongs to something cut.
    place = kept.index(head)
    first = last = place
    while first > 0 and kept[first].i - kept[first - 1].i == 1:
        first -= 1
    while last + 1 < len(kept) and kept[last + 1].i - kept[last].i == 1:
        last += 1
    return kept[first : last + 1]


def subject_of(verb: Token) -> Token | None:
    """Return the grammatical subject of ``verb``, shared by coordination, or ``None``."""
    for child in verb.children:
        if child.dep_ in ("nsubj", "nsubjpass"):
            return child
    if verb.dep_ == "conj" and verb.head.pos_ in ("VERB", "AUX"):
        return subject_of(verb.head)
    return None


def surface(tokens: Sequence[Token]) -> str:
    """Return the words of an unbroken run of tokens as they stand."""
    return "".join(token.text_with_ws for token in tokens).strip()


class _Resolver:
    def __init__(self, article: ParsedArticle, title: str) -> None:
        self.article = article
        self.title = title
        self.topic = ""
        """The one person whom the title names."""
        self.people: dict[str, Person] = {}
        self.by_part: dict[str, set[str]] = {}
        self.resolutions: list[Resolution] = []
        self.unresolved: list[Unresolved] = []
        self.short_names: dict[str, set[str]] = {}
        """The last word of each organisation's name ("Assembly"), with the names that end in it."""
        self.quotations: list[Quotation] = find_quotations(article.text)
        self.named: list[list[tuple[int, str]]] = [[] for _ in article.sentences]
        """For each sentence, the persons it names or refers to, with the token where."""
        self.focus: list[str] = [""] * len(article.sentences)
        """For each sentence, the person who is its subject."""

    def run(self) -> Referents:
        for sentence in self.article.sentences:
            self._learn(sentence)
        for sentence in self.article.sentences:
            self._learn_by_use(sentence)
        self._learn_topic()
        for sentence in self.article.sentences:
            self._read(sentence)
        order = lambda item: (item.span.start, item.span.end)  # noqa: E731
        return Referents(
            tuple(self.people.values()),
            tuple(sorted(self.resolutions, key=order)),
            tuple(sorted(self.unresolved, key=order)),
        )

    # First pass: who is introduced, under which titles.

    def _learn(self, sentence: ParsedSentence) -> None:
        self._learn_organisations(sentence)
        for tokens in _person_names(sentence):
            words = [token.text for token in tokens]
            if len(words) == 1 and tokens[0].i and (kin := _KIN.get(sentence.doc[tokens[0].i - 1].lemma_.lower())):
                # "her son Theo": by that name only, but not the "she" of the next sentence.
                person = self._add_person(words)
                person.gender = kin
                continue
            if len(words) < 2 or not all(word[:1].isupper() or word.islower() for word in words):  # noqa: PLR2004  a single name introduces nobody
                continue
            if (
                sentence.heading
                and sum(word[:1].isupper() for word in sentence.text.split()) > len(sentence.text.split()) * 0.6
            ):
                continue  # Title Case runs words together: "Putin Urges Talks" is tagged as one name
            self._introduce(tokens)
        label = sentence.turn
        if label is not None and label.start == sentence.span.start:
            words = [w for w in label.of(self.article.text).split() if w.lower() not in _TITLE_NOUNS | _HONORIFICS]
            if len(words) == 2:  # noqa: PLR2004  a given name and a family name
                self._add_person(words)

    def _learn_topic(self) -> None:
        """Learn whom the title names: a person of the text, or in full one whom the text calls by the family name only."""
        title = " ".join(_BRACKETED.sub("", self.title).split())
        words = [part for word in _TITLE_WORD.findall(title) for part in {word, *word.split("-")}]
        named = {name for word in words for name in self.by_part.get(word, ()) if name.split()[-1] == word}
        if not named and (full := _FULL_NAME.fullmatch(title)):
            tokens = [token for sentence in self.article.sentences for token in sentence.doc]
            given, middle, family = full["given"], (full["middle"] or "").strip(), full["family"]
            known = given.lower() in _MALE_NAMES | _FEMALE_NAMES
            called = any(_calls(family, t, known=known) for t in tokens)
            # "Apple Sues Samsung", "Manchester United": the first word is a name by itself.
            apart = any(t.text == given and after.text not in (middle, family) for t, after in pairwise(tokens))
            sure = not middle or middle.endswith(".") or middle.lower() in _MALE_NAMES | _FEMALE_NAMES
            if called and sure and not apart and family not in _NO_FAMILY_NAMES:
                named = {self._add_person(title.split()).name}
        if len(named) == 1:
            self.topic = named.pop()

    def _introduce(self, tokens: Sequence[Token]) -> None:
        """Take a full name into the persons, with the titles and the gender that its surroundings give it."""
        person = self._add_person([token.text for token in tokens])
        before, title = _title_before(tokens[0])
        for found in (title, *_appositions(tokens)):
            if found:
                person.titles.append(found)
                person.country = person.country or next((_COUNTRIES[w] for w in found if w in _COUNTRIES), "")
        if before & _MALE_TITLES or any(t & _MALE_TITLES for t in person.titles):
            person.gender = person.gender or "male"
        elif before & _FEMALE_TITLES or any(t & _FEMALE_TITLES for t in person.titles):
            person.gender = person.gender or "female"

    def _add_person(self, words: Sequence[str]) -> Person:
        name = " ".join(words)
        first = words[0].lower()
        gender = "male" if first in _MALE_NAMES else "female" if first in _FEMALE_NAMES else ""
        for part in {words[-1], words[0]}:
            self.by_part.setdefault(part, set()).add(name)
        return self.people.setdefault(name, Person(name, gender=gender))

    def _learn_by_use(self, sentence: ParsedSentence) -> None:
        """Take names that the tagger missed: "Marek Dolny, its chief executive", "the engineer Anders Holm"."""
        for token in sentence.doc:
            run = _unseen_name(token)
            if run and " ".join(t.text for t in run) not in self.people and not sentence.heading:
                self._introduce(run)

    def _learn_organisations(self, sentence: ParsedSentence) -> None:
        for entity in sentence.doc.ents:
            # "the Council for the Exploration of the Sea" is not "the Sea": only a name's head stands for it.
            headed = entity.root.i == entity.end - 1
            if entity.label_ == "ORG" and len(entity) > 1 and not sentence.heading and entity[-1].is_title and headed:
                kept = [t.text_with_ws for t in entity if not (t.i == entity.start and t.lower_ == "the")]
                if len(kept) > 1:
                    self.short_names.setdefault(entity[-1].text, set()).add("".join(kept).strip())

    # Second pass: read in order.

    def _read(self, sentence: ParsedSentence) -> None:
        taken: set[int] = set()
        self._label(sentence)
        self._names(sentence, taken)
        self._titles(sentence, taken)
        self._counted_from(sentence, taken)
        subject = self._main_subject(sentence)
        if subject is not None:
            self.focus[sentence.index] = next((name for at, name in self.named[sentence.index] if at == subject.i), "")
        for token in sentence.doc:
            if token.i in taken:
                continue
            lower = token.lower_
            if lower in _PERSONAL and token.pos_ == "PRON":
                self._personal(sentence, token)
            elif lower in ("it", "they", "its", "their", "them") and token.pos_ == "PRON":
                self._impersonal(sentence, token)
            elif (
                lower in ("this", "these", "that", "those")
                and token.tag_ == "DT"
                and token.dep_ in ("nsubj", "nsubjpass")
            ):
                self._demonstrative(sentence, token)
            elif lower == "there" and token.tag_ == "RB" and token.dep_ == "advmod":
                self._there(sentence, token)
            elif token.pos_ == "PROPN" and token.text in self.short_names:
                self._short_name(sentence, token)
            elif token.pos_ == "NOUN":
                self._description(sentence, token, taken)

    def _label(self, sentence: ParsedSentence) -> None:
        """Count the speaker of a turn among those its first sentence names."""
        if sentence.turn is None or sentence.turn.start != sentence.span.start:
            return
        family = sentence.turn.of(self.article.text).split()[-1]
        speaking = [name for name in self.people if name.split()[-1] == family]
        if len(speaking) == 1:
            self.named[sentence.index].append((-1, speaking[0]))

    def _main_subject(self, sentence: ParsedSentence) -> Token | None:
        root = sentence.root
        return subject_of(root)

    def _names(self, sentence: ParsedSentence, taken: set[int]) -> None:
        seen: set[str] = set()
        for tokens in _person_names(sentence, self.by_part):
            name = " ".join(token.text for token in tokens)
            if name in self.people:
                full = name
            else:
                options = self.by_part.get(tokens[-1].text, set()) if len(tokens) == 1 else set()
                options = {o for o in options if tokens[-1].text == o.split()[-1] or len(options) == 1}
                if len(options) != 1:
                    full = name
                    if len(options) > 1:
                        self._miss(sentence, tokens, f"“{name}” could be {_alternatives(sorted(options))}")
                else:
                    full = next(iter(options))
                    honoured = tokens[0].i > 0 and sentence.doc[tokens[0].i - 1].lower_ in _HONORIFICS
                    run = [sentence.doc[tokens[0].i - 1], *tokens] if honoured else list(tokens)
                    if full not in seen and not _names_a_thing(tokens[-1]) and not _ends_another_name(tokens[0]):
                        self.resolutions.append(Resolution(sentence.span_of(run), full, full))
            seen.add(full)
            taken.update(token.i for token in tokens)
            self.named[sentence.index].extend((token.i, full) for token in tokens)

    def _titles(self, sentence: ParsedSentence, taken: set[int]) -> None:
        for token in sentence.doc:
            if token.lemma_.lower() not in _TITLE_NOUNS or token.i in taken or token.tag_ in ("NNS", "NNPS"):
                continue
            run = [t for t in noun_phrase(token, full=False) if t.i <= token.i]
            if not run or run[0].lower_ != "the" or any(t.i in taken for t in run):
                continue
            if token.i + 1 < len(sentence.doc) and token.i + 1 in taken:
                continue  # "the Russian President Vladimir Putin": the name stands beside it
            if token.i + 2 < len(sentence.doc) and sentence.doc[token.i + 1].text == "," and token.i + 2 in taken:
                continue  # "the minister, Peter Quill, …"
            if any(child.dep_ == "prep" and child.lower_ == "of" for child in token.children):
                continue  # "the president of Finland" says by itself who is meant
            words = frozenset(t.lower_ for t in run[1:])
            fitting = [
                p
                for p in self.people.values()
                if any(words <= title or _same_title(words, title) for title in p.titles)
            ]
            if len(fitting) == 1:
                self.resolutions.append(Resolution(sentence.span_of(run), fitting[0].name, fitting[0].name))
                self.named[sentence.index].append((token.i, fitting[0].name))
                taken.update(t.i for t in run)
            elif len(fitting) > 1:
                names = _alternatives(sorted(p.name for p in fitting))
                self._miss(sentence, run, f"“{surface(run)}” could be {names}")
                taken.update(t.i for t in run)
            elif words <= _TITLE_NOUNS and not any(title & words for p in self.people.values() for title in p.titles):
                self._miss(sentence, run, f"the article does not say who “{surface(run)}” is")
                taken.update(t.i for t in run)

    def _personal(self, sentence: ParsedSentence, token: Token) -> None:
        gender = _PERSONAL[token.lower_]
        # "It was Merkel, he said": what he says names others, not himself.
        said = {
            t.i
            for c in token.head.children
            if token.dep_ == "nsubj" and c.dep_ in ("ccomp", "parataxis") and c.i < token.i
            for t in c.subtree
        }
        here = _unique(
            name
            for at, name in sorted(self.named[sentence.index])
            if at < token.i and at not in said and self._fits(name, gender)
        )
        # A common noun before the pronoun may be who is meant: "a witness said he …".
        nameless = any(t.i < token.i and _is_nameless_person(t) for t in sentence.doc)
        if len(here) == 1 and not nameless:
            self._refer(sentence, token, here[0], in_sentence=True)
            return
        if here or nameless:
            if len(here) > 1:
                self._miss(sentence, [token], f"“{token.text}” could be {_alternatives(here)}", in_sentence=True)
            elif nameless and token.dep_ in ("nsubj", "nsubjpass"):
                self._miss(sentence, [token], f"“{token.text}” may be someone the article does not name")
            return
        for back in range(sentence.index - 1, max(-1, sentence.index - 1 - _LOOK_BACK), -1):
            before = self.article.sentences[back]
            names = _unique(name for _, name in sorted(self.named[back]) if self._fits(name, gender))
            if any(_is_nameless_person(t) for t in before.doc) and not self.focus[back]:
                self._miss(sentence, [token], f"“{token.text}” may be someone the article does not name")
                return
            if not names:
                continue
            if len(names) == 1:
                self._refer_back(sentence, token, names[0], before)
                return
            focus = self.focus[back]
            goes_on = token.dep_ in ("nsubj", "nsubjpass") and token.head.i == sentence.root.i
            if focus in names and goes_on and before.root.pos_ == "VERB" and before.root.lemma_ in CONTINUING:
                # "Putin told Macron … He stressed …": speech goes on with its speaker.
                self._refer(sentence, token, focus, in_sentence=False)
                return
            self._miss(sentence, [token], f"“{token.text}” could be {_alternatives(names)}")
            return
        self._miss(sentence, [token], f"no person is named shortly before “{token.text}”")

    def _refer_back(self, sentence: ParsedSentence, token: Token, name: str, before: ParsedSentence) -> None:
        """Resolve a pronoun to the one person whom an earlier sentence names, unless another may be meant.

        Whoever that sentence itself calls "he" without our knowing whom; or the one whom the article is about. Its subject goes
        before both.
        """
        gender = _PERSONAL[token.lower_]
        if self.focus[before.index] != name:
            open_too = next(
                (
                    item.text.lower()
                    for item in self.unresolved
                    if before.span.contains(item.span) and _PERSONAL.get(item.text.lower()) == gender
                ),
                "",
            )
            if open_too:
                reason = f"“{token.text}” could be “{name}” or whom an earlier sentence calls “{open_too}”"
                self._miss(sentence, [token], reason)
                return
            if self.topic not in ("", name) and self._fits(self.topic, gender):
                self._miss(sentence, [token], f"“{token.text}” could be {_alternatives([name, self.topic])}")
                return
        self._refer(sentence, token, name, in_sentence=False)

    def _refer(self, sentence: ParsedSentence, token: Token, name: str, *, in_sentence: bool) -> None:
        self.named[sentence.index].append((token.i, name))
        if token.dep_ in ("nsubj", "nsubjpass") and token.head.i == sentence.root.i:
            self.focus[sentence.index] = name
        person = self.people.get(name)
        owner = token.lower_ in ("his", "her") and token.dep_ == "poss"
        if owner and token.head.lemma_ in _OWN_COUNTRY and person is not None and person.country:
            self.resolutions.append(Resolution(sentence.span_of([token, token.head]), person.country))
            return
        if token.lower_ in ("himself", "herself"):
            return
        written = _possessive(name) if owner else name
        self.resolutions.append(Resolution(sentence.span_of([token]), written, name, in_sentence))

    def _fits(self, name: str, gender: str) -> bool:
        person = self.people.get(name)
        return person is None or person.gender in ("", gender)

    def _impersonal(self, sentence: ParsedSentence, token: Token) -> None:  # noqa: PLR0911  one rule after another
        if token.dep_ == "expl" or _is_empty_it(token):
            return
        plural = token.lower_.startswith("the")
        if any(t.i < token.i and t.pos_ == "PRON" and t.lower_ == ("they" if plural else "it") for t in sentence.doc):
            return  # "It is long and, at its thickest point, deep": what the first one stands for
        before = self.article.sentences[sentence.index - 1] if sentence.index else None
        if plural and before is not None and (counted := self._counted_before(token, before)):
            self.resolutions.append(Resolution(sentence.span_of([token]), counted))
            return
        earlier = self._nouns_before(sentence, token, plural=plural)
        if earlier:
            # Its antecedent is in the sentence, which therefore stands by itself; cut out of it, only one reading will do.
            subjects = [t for t in earlier if t.dep_ in ("nsubj", "nsubjpass") and t.ent_type_ != "PERSON"]
            options = [t for t in subjects if (t.tag_ in ("NNS", "NNPS")) == plural]
            if len(options) == 1 and token.dep_ in ("nsubj", "nsubjpass") and _goes_with_subject(token.head):
                source = _lower_first(noun_phrase(options[0], full=False))
                self.resolutions.append(Resolution(sentence.span_of([token]), source, in_sentence=True))
            return
        if before is None or before.heading or before.paragraph < sentence.paragraph - 1:
            self._miss(sentence, [token], f"nothing stands before “{token.text}” that it could refer to")
            return
        subject = subject_of(before.root)
        if subject is None or subject.pos_ not in ("NOUN", "PROPN") or (subject.tag_ in ("NNS", "NNPS")) != plural:
            self._miss(sentence, [token], f"it is not clear what “{token.text}” refers to")
            return
        goes_on = token.dep_ in ("nsubj", "nsubjpass") and (token.head.i == sentence.root.i or _says(token))
        if goes_on and self._same_speaker(token.head, before, subject):
            self._stands_for(sentence, token, before, subject)
            return
        named = subject.pos_ == "PROPN" and subject.ent_type_ not in ("", "PERSON")
        aside = _background(before, subject) if named or subject.left_edge.lower_ == "the" else set()
        rivals = [
            t for t in before.doc
            if t.i != subject.i and t.i not in aside and t.pos_ in ("NOUN", "PROPN")
            and t.dep_ in ("dobj", "pobj", "attr", "nsubj", "nsubjpass", "conj")
            and (t.tag_ in ("NNS", "NNPS")) == plural
            and t.ent_type_ not in ("DATE", "TIME", "PERSON", "PERCENT", "MONEY", "CARDINAL", "QUANTITY")
            and not any(c.dep_ == "nummod" for c in t.children)
        ]  # fmt: skip
        additive = any(child.lower_ in _ADDITIVE for child in sentence.root.children)
        if goes_on and (not rivals or additive):
            self._stands_for(sentence, token, before, subject)
            return
        options = _unique([surface(noun_phrase(t, full=False)) for t in (subject, *rivals)])
        self._miss(sentence, [token], f"“{token.text}” could be {_alternatives(options[:3])}")

    def _nouns_before(self, sentence: ParsedSentence, token: Token, *, plural: bool) -> list[Token]:
        """Return the nouns of the sentence that "it" or "they" may stand for."""
        earlier = [
            t
            for t in sentence.doc
            if t.i < token.i and t.pos_ in ("NOUN", "PROPN") and t.dep_ not in ("compound", "npadvmod", "poss")
        ]
        people = {at for at, _ in self.named[sentence.index]}
        if _says(token):
            # "No decision has been made, it added": what it says does not hold who says it.
            said = [c for c in token.head.children if c.dep_ in ("ccomp", "parataxis") and c.i < token.i]
            held = {t.i for clause in said for t in clause.subtree}
            earlier = [] if token.head.dep_ == "parataxis" else [t for t in earlier if t.i not in held]
        return [
            t
            for t in earlier
            if t.ent_type_ not in ("DATE", "TIME")
            and (plural or (t.ent_type_ != "PERSON" and t.i not in people))
            # "Dolny, its chief executive": what it belongs to is not the person described.
            and not (token.dep_ == "poss" and t.i in {a.i for a in token.ancestors if a.dep_ == "appos"})
        ]

    def _stands_for(self, sentence: ParsedSentence, token: Token, before: ParsedSentence, subject: Token) -> None:
        """Resolve a pronoun to the subject of the sentence before, or to what that stands for itself."""
        words = noun_phrase(subject, full=False)
        span = before.span_of(words)
        if subject.lemma_ in _COMPANY_NOUNS and any(item.span.overlaps(span) for item in self.unresolved):
            reason = f"“{token.text}” stands for “{surface(words)}”, which is not clear itself"
            self._miss(sentence, [token], reason)
            return
        known = next((r.replacement for r in self.resolutions if r.span == span), "")
        self.resolutions.append(Resolution(sentence.span_of([token]), known or _lower_first(words)))

    def _same_speaker(self, verb: Token, before: ParsedSentence, subject: Token) -> bool:
        """Tell whether "it" goes on speaking: "…, the flood centre says. It expects …"."""
        return (
            before.root.lemma_ in CONTINUING
            and verb.lemma_ in CONTINUING | _FORESEEING
            and subject.ent_type_ not in ("PERSON", "DATE")
        )

    def _counted_before(self, token: Token, before: ParsedSentence) -> str:
        """Return the one group counted in the sentence before, for "half of them", "two of them"."""
        if token.dep_ != "pobj" or token.head.lower_ != "of" or token.head.head.i > token.i:
            return ""
        groups = [
            t for t in before.doc
            if t.tag_ == "NNS" and any(c.dep_ == "nummod" for c in t.children)
            and t.ent_type_ not in ("DATE", "TIME", "MONEY", "QUANTITY", "PERCENT")
        ]  # fmt: skip
        return f"the {groups[0].text}" if len(groups) == 1 else ""

    def _demonstrative(self, sentence: ParsedSentence, token: Token) -> None:
        if any(child.dep_ in ("relcl", "acl", "prep") for child in token.children):
            return
        self._miss(sentence, [token], f"“{token.text}” refers to what the sentence before says as a whole")

    def _description(self, sentence: ParsedSentence, head: Token, taken: set[int]) -> None:  # noqa: C901, PLR0911  one rule after another
        if head.ent_type_ in ("DATE", "TIME") or head.lemma_ in _TIMES:
            return
        run = noun_phrase(head, full=False)
        determiner = run[0].lower_
        if determiner not in ("the", "this", "these", "that", "those", "both") or len(run) > 3:  # noqa: PLR2004  fuller phrases describe themselves
            return
        if any(t.pos_ == "NUM" and len(t.text) == 4 for t in run):  # noqa: PLR2004  "the 2020 election"
            return
        if any(t.i in taken for t in run) or any(
            t.pos_ == "PROPN" or t.ent_type_ in ("NORP", "GPE", "ORG") for t in run
        ):
            return
        if any(child.dep_ in ("relcl", "acl", "prep") for child in head.children):
            return
        after = sentence.doc[head.i + 1] if head.i + 1 < len(sentence.doc) else None
        if after is not None and after.pos_ == "PROPN" and after.ent_type_ not in ("DATE", "TIME"):
            return  # "the company Ipsy": its name stands beside it
        demonstrative = determiner in ("this", "these", "that", "those")
        if head.lemma_ in _PHRASE_NOUNS and self._phrase(sentence, run):
            taken.update(t.i for t in run)
            return
        if (
            len(run) == 3  # noqa: PLR2004
            and not demonstrative
            and run[1].pos_ in ("ADJ", "NOUN")
            and head.lemma_ not in _VAGUE_DEFINITES
        ):
            return
        if head.lemma_ in _COMPANY_NOUNS and len(run) == 2 and (name := self._company(sentence)):  # noqa: PLR2004
            self.resolutions.append(Resolution(sentence.span_of(run), name))
            taken.update(t.i for t in run)
            return
        antecedent, same_sentence = ("", False) if determiner == "both" else self._antecedent(sentence, head, run)
        if antecedent:
            self.resolutions.append(Resolution(sentence.span_of(run), antecedent, in_sentence=same_sentence))
            taken.update(t.i for t in run)
        elif same_sentence:
            return
        elif demonstrative or (head.lemma_ in _VAGUE_DEFINITES and len(run) <= 3):  # noqa: PLR2004
            verb = "are" if head.tag_ == "NNS" else "is"
            self._miss(sentence, run, f"the article has not said up to here which {_bare(run)} {verb} meant")
            taken.update(t.i for t in run)

    def _company(self, sentence: ParsedSentence) -> str:
        """Return the one organisation that "the company" can be: a subject before, no other being one or named twice."""
        counts: dict[str, int] = {}
        subjects: list[str] = []
        people = {part for name in self.people for part in name.split()}
        for before in self.article.sentences[: sentence.index]:
            for entity in before.doc.ents:
                name = surface([t for t in entity if t.lower_ != "the" and t.tag_ != "POS"])
                if entity.label_ != "ORG" or not name or people & set(name.split()):
                    continue
                same = next((known for known in counts if known.split()[0] == name.split()[0]), name)
                counts[same] = counts.get(same, 0) + 1
                if entity.root.dep_ in ("nsubj", "nsubjpass"):
                    subjects.append(same)
        leading = _unique(subjects)
        if len(leading) != 1 or any(count > 1 for name, count in counts.items() if name != leading[0]):
            return ""
        return leading[0]

    def _short_name(self, sentence: ParsedSentence, token: Token) -> None:
        """Resolve "the Assembly" to the one organisation whose name ends so."""
        if not token.i or sentence.doc[token.i - 1].lower_ != "the" or token.dep_ == "compound":
            return
        if token.i + 1 < len(sentence.doc) and sentence.doc[token.i + 1].lower_ in ("of", "for"):
            return
        names = self.short_names[token.text]
        if len(names) == 1:
            written = f"the {next(iter(names))}"
            self.resolutions.append(Resolution(sentence.span_of([sentence.doc[token.i - 1], token]), written))

    def _phrase(self, sentence: ParsedSentence, run: list[Token]) -> bool:
        """Resolve "the phrase" to the only quotation of the two sentences before."""
        if not sentence.index:
            return False
        for back in range(sentence.index - 1, max(-1, sentence.index - 3), -1):
            before = self.article.sentences[back].span
            quoted = [q for q in self.quotations if before.contains(q.span)]
            if len(quoted) == 1:
                self.resolutions.append(Resolution(sentence.span_of(run), f"{surface(run)} “{quoted[0].text}”"))
                return True
            if quoted:
                return False
        return False

    def _antecedent(self, sentence: ParsedSentence, head: Token, run: list[Token]) -> tuple[str, bool]:
        """Return the fuller phrase with the same head noun that ``run`` repeats, and whether the sentence itself has one."""
        for t in sentence.doc:
            if t.i < run[0].i and t.lemma_ == head.lemma_ and t.pos_ == "NOUN":
                return "", True
        for back in range(sentence.index - 1, -1, -1):
            before = self.article.sentences[back]
            if before.heading:
                continue
            options = [
                phrase
                for t in before.doc
                if t.lemma_ == head.lemma_ and t.pos_ in ("NOUN", "PROPN") and t.tag_[-1] == head.tag_[-1]
                if len(phrase := _without_pronouns(_described(t))) >= 2  # noqa: PLR2004
                and phrase[0].lower_ not in ("this", "these", "those", "that", "any", "no", "some")
            ]
            fuller = [p for p in options if any(t.pos_ in ("PROPN", "NUM") or t.dep_ in ("prep", "acl") for t in p)]
            definite = [p for p in fuller if p[0].lower_ == "the" or p[0].dep_ == "poss" or p[0].ent_type_]
            if sentence.paragraph - before.paragraph > 4 or sentence.index - back > 15:  # noqa: PLR2004  further away a reader does not connect them either
                return "", False
            choice = definite or fuller
            if len(choice) == 1:
                phrase = _without_figures(choice[0], dated=any(e.label_ == "DATE" for e in sentence.doc.ents))
                if phrase[0].lower_ in ("a", "an"):
                    return ("the " + surface(phrase[1:]), False)
                bare = phrase[0].dep_ not in ("det", "poss") and phrase[0].pos_ != "PROPN"
                return (f"the {surface(phrase)}" if bare else _lower_first(phrase), False)
            if choice:
                return "", False
        return "", False

    # Time and place, told from the sentence before.

    def _counted_from(self, sentence: ParsedSentence, taken: set[int]) -> None:
        """Date "on the same day" and "three days later" from the only date of the sentences before."""
        text = sentence.text
        for match in _COUNTED.finditer(text):
            span = Span(start=sentence.base + match.start(), end=sentence.base + match.end())
            taken.update(t.i for t in sentence.doc if match.start() <= t.idx < match.end())
            anchors = _dates(text[: match.start()])
            for back in range(sentence.index - 1, max(-1, sentence.index - 3), -1):
                if anchors:
                    break
                anchors = _dates(self.article.sentences[back].text)
            written = _counted(match, anchors[0]) if len(anchors) == 1 else ""
            if written:
                self.resolutions.append(Resolution(span, f"{match.group()} ({written})"))
            else:
                reason = f"it is not clear from which date “{match.group()}” counts"
                self.unresolved.append(Unresolved(span=span, text=match.group(), reason=reason))

    def _there(self, sentence: ParsedSentence, token: Token) -> None:
        if any(t.ent_type_ in _PLACES and t.i < token.i for t in sentence.doc):
            return
        before = self.article.sentences[sentence.index - 1] if sentence.index else None
        named = [] if before is None else [e for e in before.doc.ents if e.label_ in _PLACES and e.root.dep_ == "pobj"]
        places = _unique(f"{e.root.head.text.lower()} {e.text}" for e in named if e.root.head.lower_ in ("in", "at"))
        if len(places) == 1:
            self.resolutions.append(Resolution(sentence.span_of([token]), places[0]))
        else:
            self._miss(sentence, [token], "the sentence before does not name one place that “there” could be")

    def _miss(
        self, sentence: ParsedSentence, tokens: Sequence[Token], reason: str, *, in_sentence: bool = False
    ) -> None:
        if in_sentence:
            reason = reason + " in the same sentence"
        span = sentence.span_of(tokens)
        self.unresolved.append(Unresolved(span=span, text=span.of(self.article.text), reason=reason))


CONTINUING = frozenset(
    "say tell add note stress state explain affirm declare announce argue claim insist emphasise emphasize underline warn"
    " maintain assert point recall remark observe believe consider think write reply answer".split()
)
"""Verbs after which "He …" at the start of the next sentence is still the same speaker."""


_FORESEEING = frozenset("expect predict forecast estimate plan hope".split())


@dataclass(frozen=True, slots=True)
class _Date:
    year: int
    month: int
    day: int
    """0 where only the month is known."""

    def written(self) -> str:
        return (
            f"{self.day} {_MONTHS[self.month - 1]} {self.year}"
            if self.day
            else f"{_MONTHS[self.month - 1]} {self.year}"
        )


def _dates(text: str) -> list[_Date]:
    """Return the different dates of ``text`` that name at least month and year."""
    found: list[_Date] = []
    for match in _DATE.finditer(text):
        month = match.group("month") or match.group("month2") or match.group("month3")
        year = match.group("year") or match.group("year2") or match.group("year3")
        day = match.group("day") or match.group("day2") or "0"
        date = _Date(int(year), _MONTHS.index(month) + 1, int(day))
        if date not in found:
            found.append(date)
    return found


def _counted(match: re.Match[str], anchor: _Date) -> str:  # noqa: PLR0911  one line per kind of date
    """Return the date that ``match`` counts to from ``anchor``, "" where the anchor is not exact enough."""
    period, unit = (match.group("period") or "").lower(), (match.group("unit") or "").lower()
    if period == "year":
        return str(anchor.year)
    if period == "month":
        return _Date(anchor.year, anchor.month, 0).written()
    if period == "day":
        return anchor.written() if anchor.day else ""
    number = 1
    if unit:
        given = match.group("count").lower()
        number = _NUMBERS.get(given) or int(given)
    if unit == "year":
        return str(anchor.year + number)
    if unit == "month":
        months = anchor.year * 12 + anchor.month - 1 + number
        return _Date(months // 12, months % 12 + 1, 0).written()
    if not anchor.day:
        return ""
    try:
        exact = dt.date(anchor.year, anchor.month, anchor.day) + dt.timedelta(number * (7 if unit == "week" else 1))
    except (ValueError, OverflowError):
        return ""  # "31 February": the article's own slip
    about = "about " if unit == "week" else ""
    return about + _Date(exact.year, exact.month, exact.day).written()


def _person_names(  # noqa: C901  one sign of a name after another
    sentence: ParsedSentence, known: dict[str, set[str]] | None = None
) -> Iterator[list[Token]]:
    """Yield the tokens of each person's name, honorific and possessive left out."""
    doc = sentence.doc
    position = 0
    while position < len(doc):
        token = doc[position]
        run: list[Token] = []
        full = f"{token.text} {doc[position + 1].text}" if position + 1 < len(doc) else ""
        if known and full in known.get(token.text, ()):
            run = [token, doc[position + 1]]
        elif token.ent_type_ == "PERSON" and token.ent_iob_ == "B":
            run = [token]
            while (
                run[-1].i + 1 < len(doc)
                and doc[run[-1].i + 1].ent_type_ == "PERSON"
                and doc[run[-1].i + 1].ent_iob_ == "I"
            ):
                run.append(doc[run[-1].i + 1])
        elif token.lemma_.lower() in _TITLE_NOUNS and (run := _name_after_title(token)):
            pass
        elif known and token.text in known and _may_be_person(token):
            run = [token]
        if not run:
            position += 1
            continue
        position = run[-1].i + 1
        while run and (run[0].lower_ in _HONORIFICS or run[0].lemma_.lower() in _TITLE_NOUNS or not run[0].is_alpha):
            run = run[1:]
        while run and (run[-1].tag_ == "POS" or not run[-1].text[0].isalnum() or run[-1].lower_ in ("'s", "’s")):
            run = run[:-1]
        if run and run[0].text[0].isupper() and not (len(run) > 1 and run[-1].text in _NO_FAMILY_NAMES):
            yield run


def _may_be_person(token: Token) -> bool:
    """Tell whether a known family name is one here too, whatever the tagger takes it for.

    "Paris said", "in Paris" of a Ms Paris and the city: only where a person stands who speaks, and never a country.
    """
    if token.pos_ == "PROPN" and token.ent_type_ not in _NOT_PERSON:
        return True
    if token.pos_ not in ("PROPN", "NOUN") or token.lower_ in _COUNTRIES or token.ent_iob_ == "I":
        return False
    verb = token.head
    speaks = token.dep_ in ("nsubj", "nsubjpass") and verb.lemma_ in CONTINUING | {"point", "call", "deny", "demand"}
    cited = token.dep_ == "pobj" and verb.lower_ == "to" and verb.head.lower_ == "according"
    return (speaks or cited) and token.ent_type_ not in ("DATE", "TIME")


def _name_after_title(title: Token) -> list[Token]:
    """Return the capitalised names right after a title where the tagger saw none: "Chair Jerome Powell"."""
    run: list[Token] = []
    for token in title.doc[title.i + 1 : title.i + 4]:
        if token.pos_ != "PROPN" or not token.is_title or token.ent_type_ in ("PERSON", "GPE", "LOC", "NORP", "DATE"):
            break
        run.append(token)
    return run if len(run) >= 2 and title.text[0].isupper() else []  # noqa: PLR2004  a given name and a family name


def _unseen_name(last: Token) -> list[Token]:
    """Return a given and a family name that end with ``last`` and that the words around make a person's."""
    family = last.ent_type_ == "PERSON" and last.ent_iob_ == "B"  # the tagger saw the family name only
    other = last.pos_ == "PROPN" and last.ent_type_ not in _PLACES | {"PERSON", "NORP", "DATE"}
    if last.i == 0 or not (family or other):
        return []
    first = last.doc[last.i - 1]
    pair = (first, last)
    if not all(t.pos_ == "PROPN" and t.is_title and t.is_alpha for t in pair):
        return []
    if first.head.i != last.i or first.lower_ in _HONORIFICS | _TITLE_NOUNS:
        return []
    titled = first.i > 0 and first.doc[first.i - 1].lemma_.lower() in _TITLE_NOUNS
    described = any(c.dep_ == "appos" and _title_noun(c.lemma_.lower()) and c.i > last.i for c in last.children)
    return list(pair) if titled or described else []


def _title_before(first: Token) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words right before a name, and its title, if they hold one."""
    words: list[str] = []
    position = first.i - 1
    while position >= 0:
        token = first.doc[position]
        if token.pos_ not in ("PROPN", "NOUN", "ADJ") and token.lower_ not in _HONORIFICS:
            break
        words.insert(0, token.lower_)
        position -= 1
    kept = frozenset(words)
    return kept, kept if any(_title_noun(word) for word in words) else frozenset()


def _appositions(name: Sequence[Token]) -> Iterator[frozenset[str]]:
    """Yield the titles given to a name by apposition, before or after it."""
    last = name[-1]
    for child in last.children:
        if child.dep_ == "appos" and _title_noun(child.lemma_.lower()):
            yield frozenset(t.lower_ for t in noun_phrase(child, full=False) if t.pos_ in ("NOUN", "PROPN", "ADJ"))
    if last.dep_ == "appos" and _title_noun(last.head.lemma_.lower()):
        yield frozenset(t.lower_ for t in noun_phrase(last.head, full=False) if t.pos_ in ("NOUN", "PROPN", "ADJ"))


def _title_noun(word: str) -> bool:
    return word in _TITLE_NOUNS


def _same_title(words: frozenset[str], title: frozenset[str]) -> bool:
    """Tell whether a country named by its adjective makes two titles the same: "Russian leader", "Russian President"."""
    return bool(words & title & _COUNTRIES.keys()) and words - title <= {"leader"}


def _is_nameless_person(token: Token) -> bool:
    """Tell whether a token is a person without a name: "a spokesman", "the author"."""
    if token.lemma_.lower() not in _TITLE_NOUNS | {"witness", "man", "woman", "official", "source", "expert"}:
        return False
    if token.tag_ != "NN" or token.dep_ in ("compound", "appos", "amod", "attr"):
        return False
    beside = [*token.children, token.head] if token.dep_ in ("compound", "appos") else list(token.children)
    return not any(t.ent_type_ == "PERSON" for t in beside) and any(
        t.lower_ in ("a", "an", "one") for t in token.children
    )


def _calls(family: str, token: Token, *, known: bool) -> bool:
    """Tell whether a token is a family name that stands alone: "Barker joined the band".

    ``known``: the given name is one, so that what the tagger takes for an organisation may be a person all the same.
    """
    if token.text != family or any(child.dep_ in ("compound", "det") for child in token.children):
        return False
    acts = token.dep_ in ("nsubj", "nsubjpass") and token.ent_type_ not in _NOT_PERSON
    return token.ent_type_ == "PERSON" or (acts and known)


def _ends_another_name(token: Token) -> bool:
    """Tell whether a single name is the end of a longer one that is not a person's: "Goldman Sachs", "the Freer Gallery"."""
    if not token.i:
        return False
    before = token.doc[token.i - 1]
    return before.pos_ == "PROPN" and before.head.i == token.i and before.ent_type_ in _NOT_PERSON | {"ORG"}


def _names_a_thing(token: Token) -> bool:
    """Tell whether a name is part of another's: "the Trump administration"."""
    return token.dep_ == "compound" and token.head.pos_ in ("NOUN", "PROPN") and token.head.ent_type_ != "PERSON"


def _says(token: Token) -> bool:
    return token.dep_ == "nsubj" and token.head.lemma_ in CONTINUING | _FORESEEING


def _goes_with_subject(verb: Token) -> bool:
    """Tell whether "it" as the subject of ``verb`` is the subject before: "said that it *will* …", "rose, but it *fell* …"."""
    if verb.head.lemma_ in ("declare", "consider", "call", "deem", "find", "make", "keep"):
        return False
    tenses = ("VBD", "VBZ", "VBP", "MD")
    own = verb.pos_ in ("VERB", "AUX") and verb.tag_ in tenses
    return verb.dep_ in ("ccomp", "conj") and (
        own or any(c.dep_ in ("aux", "auxpass") and c.tag_ in tenses for c in verb.children)
    )


def _background(before: ParsedSentence, subject: Token) -> set[int]:
    """Return the tokens of a sentence that its subject outweighs as what "it" goes on with.

    Subordinate clauses, what belongs to the subject itself ("its volume"), and the source named behind "according to".
    """
    out: set[int] = {t.i for t in subject.subtree}
    for token in before.doc:
        clause = token.dep_ in ("advcl", "relcl", "acl", "appos") and token.i != before.root.i
        owned = any(c.dep_ == "poss" and c.lower_ in ("its", "their") for c in token.children) and token.dep_ == "pobj"
        if clause or owned or token.lower_ == "according":
            out |= {t.i for t in token.subtree}
    return out


def _is_empty_it(token: Token) -> bool:
    """Tell whether "it" stands for nothing: "it is clear that …", "it was raining"."""
    if token.lower_ != "it":
        return False
    head = token.head
    clause = any(
        c.dep_ in ("ccomp", "xcomp", "advcl", "csubj")
        or (c.dep_ == "acomp" and any(g.dep_ in ("ccomp", "xcomp") for g in c.children))
        for c in head.children
    )
    if head.lemma_ == "be" and any(
        c.dep_ == "attr" and any(g.dep_ == "relcl" for g in c.children) for c in head.children
    ):
        return True  # "it was Merkel who opened the border"
    return (head.lemma_ in ("be", "seem", "appear", "turn", "take", "remain", "become") and clause) or (
        token.dep_ == "nsubjpass" and any(c.dep_ == "ccomp" for c in head.children)
    )


def _described(head: Token) -> list[Token]:
    """Return a noun phrase with what describes it, up to the end of an attached participle or preposition."""
    return noun_phrase(head, full=True)


def _without_pronouns(phrase: list[Token]) -> list[Token]:
    """Cut what follows the noun from where a pronoun ties it to its own sentence: "a fire in its kitchen" → "a fire"."""
    bad = next((t for t in phrase if t.pos_ == "PRON" and t.dep_ == "poss"), None)
    head = next((t for t in phrase if t.head not in phrase), phrase[-1])
    if bad is None or bad.i < head.i:
        return phrase if bad is None else []
    top = bad.head
    while top.head.i not in {head.i, top.i}:
        top = top.head
    cut = min(t.i for t in top.subtree)
    return [t for t in phrase if t.i < cut]


def _without_figures(phrase: list[Token], *, dated: bool) -> list[Token]:
    """Cut what belongs to the earlier statement only: its number, and its date where the new sentence has its own.

    "249 million cases of malaria in 2022" … "46 per cent of the cases in 2023" → "cases of malaria".
    """
    head = next((t for t in phrase if t.head not in phrase), phrase[-1])
    numbers = {g.i for t in phrase if t.dep_ == "nummod" and t.head.i == head.i for g in t.subtree}
    kept = [t for t in phrase if t.i not in numbers]
    if dated:
        late = {
            g.i
            for t in phrase
            if t.dep_ == "prep" and any(c.ent_type_ == "DATE" for c in t.children)
            for g in t.subtree
        }
        kept = [t for t in kept if t.i not in late]
    return kept or phrase


def _bare(run: Sequence[Token]) -> str:
    return surface([t for t in run if t.lower_ not in ("the", "this", "these", "that", "those", "both")])


def _lower_first(words: Sequence[Token]) -> str:
    text = surface(words)
    return (
        text
        if words[0].pos_ == "PROPN" or words[0].ent_type_ in ("GPE", "ORG", "PERSON")
        else text[0].lower() + text[1:]
    )


def _possessive(name: str) -> str:
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _alternatives(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " or " + quoted[-1]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
