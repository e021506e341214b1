"""Which sentences are claims worth checking, with what probability, and why the others are not.

Two signals are combined, because the labelled data are sentences of debates and the articles are news:

1. a logistic regression on the sentence's embedding and on about a hundred counts over its grammar (``features``), trained by
   ``training/claims/train.py``, calibrated on the development part;
2. the *register* of the whole article. In a debate a quarter of the sentences are worth checking; in a written report
most are. When
   an article is a report (hardly a first or second person outside quotations), the probability of each sentence of
   *factual form*
   is moved from the one prior to the other by Bayes' rule (Saerens, Latinne and Decaestecker 2002, equation 2.4).

What is a question, an instruction, a bare prediction, an opinion or a heading is told by its grammar and never moved.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from onrecord.claims.linguistics import is_english_sentence, parse_each
from onrecord.claims.resolve import subject_of
from onrecord.errors import ModelError

if TYPE_CHECKING:
    from onrecord.claims.linguistics import Doc, Token
    from onrecord.settings import Settings

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts → their embeddings, shape (n, 384), rows of length one."""

Register = Literal["report", "speech"]

REPORT_PRIOR = 0.85
"""Share of checkable sentences among the sentences of factual form in written news; an estimate from reading, see the card."""
_PERSONAL_MAXIMUM = 0.02
"""Share of first- and second-person words up to which a text is a report; debates lie at 0.08-0.12, news under 0.01."""

MODEL_FILE = "check_worthiness.safetensors"
CARD_FILE = "check_worthiness.json"

_ENTITIES = (
    "PERSON",
    "NORP",
    "ORG",
    "GPE",
    "LOC",
    "DATE",
    "MONEY",
    "PERCENT",
    "CARDINAL",
    "ORDINAL",
    "LAW",
    "EVENT",
    "QUANTITY",
)
_PARTS = ("VERB", "NOUN", "PROPN", "ADJ", "ADV", "NUM", "PRON", "AUX", "INTJ")
_TAGS = ("VBD", "VBN", "VBZ", "VBP", "VB", "VBG", "MD", "JJR", "JJS", "RBR", "WP", "WRB", "NNS")
_WORDS = (
    "i", "we", "you", "he", "she", "they", "it", "my", "our", "your", "his", "not", "n't", "will", "would", "should",
    "must", "can",
    "could", "if", "think", "believe", "want", "going", "said", "voted", "more", "most", "than", "every", "never", "because",
    "thank", "let", "has", "had", "was", "were", "been", "is", "are", "have", "did", "do", "now", "first", "only",
    "who", "what",
    "why", "how", "but", "so", "well", "that", "this", "there", "against", "need", "know", "say", "tell",
)  # fmt: skip
_ROOT_TAGS = ("VBD", "VBZ", "VBP", "VB", "VBN", "MD")
_SUBJECTS = ("i", "we", "you", "he", "they", "it", "she", "that", "this")

FEATURES: tuple[str, ...] = (
    "log_tokens", "log_tokens_beyond_8", "under_6_tokens",
    *(f"entity_{x}" for x in _ENTITIES), *(f"share_{x}" for x in _PARTS), *(f"tag_{x}" for x in _TAGS),
    *(f"word_{x}" for x in _WORDS),
    "question_mark", "exclamation_mark", "digit", "dollar", "percent",
    *(f"root_{x}" for x in _ROOT_TAGS), "has_subject", *(f"subject_{x}" for x in _SUBJECTS), "subject_name", "subject_noun",
)  # fmt: skip
"""The counts beside the embedding, in the order of the model's weights."""


def features(doc: Doc) -> list[float]:
    """Return the counts of one parsed sentence, in the order of ``FEATURES``."""
    tokens = max(1, len(doc))
    words = [token.lower_ for token in doc]
    root = next((t for t in doc if t.dep_ == "ROOT"), None)
    subject = subject_of(root) if root is not None else None
    labels = [entity.label_ for entity in doc.ents]
    parts = [token.pos_ for token in doc]
    tags = [token.tag_ for token in doc]
    lower = subject.lower_ if subject is not None else ""
    return [
        math.log(tokens),
        math.log(1 + max(0, tokens - 8)),
        float(tokens < 6),  # noqa: PLR2004  named by the feature
        *(float(min(3, labels.count(x))) for x in _ENTITIES),
        *(parts.count(x) / tokens for x in _PARTS),
        *(float(min(3, tags.count(x))) for x in _TAGS),
        *(float(min(2, words.count(x))) for x in _WORDS),
        float("?" in words),
        float("!" in words),
        float(any(character.isdigit() for character in doc.text)),
        float("$" in doc.text),
        float("%" in doc.text or "percent" in words),
        *(float(root is not None and root.tag_ == x) for x in _ROOT_TAGS),
        float(subject is not None),
        *(float(lower == x) for x in _SUBJECTS),
        float(subject is not None and subject.pos_ == "PROPN"),
        float(subject is not None and subject.pos_ == "NOUN"),
    ]


@dataclass(frozen=True, slots=True)
class Classifier:
    """The shipped logistic regression. ``prior``: the share of claims among the sentences it was trained on."""

    embedding_weights: NDArray[np.float32]
    feature_weights: NDArray[np.float32]
    feature_mean: NDArray[np.float32]
    feature_deviation: NDArray[np.float32]
    bias: float
    threshold: float
    prior: float
    sha256: str

    def probabilities(self, embeddings: NDArray[np.float32], counts: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the calibrated probability of each row; ``embeddings`` (n, 384), ``counts`` (n, len(FEATURES))."""
        scaled = np.clip((counts - self.feature_mean) / self.feature_deviation, -4, 4)
        scores = embeddings @ self.embedding_weights + scaled @ self.feature_weights + self.bias
        return np.asarray(1 / (1 + np.exp(-scores.astype(np.float64))))


@functools.cache
def load_classifier() -> Classifier:
    """Load the shipped classifier once.

    Raises:
        ModelError: its files are missing, or do not fit this version of ``FEATURES``.
    """
    import hashlib  # noqa: PLC0415  only here

    from safetensors.numpy import load  # noqa: PLC0415  only here

    folder = resources.files("onrecord.claims") / "models"
    try:
        raw = (folder / MODEL_FILE).read_bytes()
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        arrays = load(raw)
        weights = (
            arrays["embedding_weights"],
            arrays["feature_weights"],
            arrays["feature_mean"],
            arrays["feature_deviation"],
        )
    except (OSError, KeyError, ValueError) as error:
        message = (
            f"the check-worthiness classifier cannot be read ({error}); install onrecord again, "
            "or run `python -m training.claims.train`"
        )
        raise ModelError(message) from error
    if card["features"] != list(FEATURES) or weights[1].shape != (len(FEATURES),):
        message = (
            "the check-worthiness classifier was trained with other features; run `python -m training.claims.train`"
        )
        raise ModelError(message)
    return Classifier(
        *weights,
        bias=float(arrays["bias"][0]),
        threshold=float(card["threshold"]),
        prior=float(card["prior"]),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def threshold(settings: Settings) -> float:
    """Return the probability from which a sentence is a claim: the setting, else the one shipped."""
    given = settings.check_worthiness_threshold
    return load_classifier().threshold if given is None else given


def check_worthiness(sentences: Sequence[str], *, settings: Settings, encode: Encode) -> list[float]:
    """Return the probability of each sentence that it holds a claim worth checking, in [0, 1], same order.

    Each sentence is judged by itself, without an article around it.

    Raises:
        ModelError: ``encode`` gives another shape than (n, 384), or a model cannot be loaded.
    """
    del settings  # part of the door: a later classifier may be chosen by it
    if not sentences:
        return []
    docs = parse_each(sentences)
    return [judged.probability for judged in judge(docs, encode=encode, registers=["speech"] * len(docs))]


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence's probability, the reason against it ("" if none), and the words for it."""

    probability: float
    against: str
    why: str


def register_of(docs: Sequence[Doc]) -> Register:
    """Return whether the sentences of an article are a written report, or somebody speaking in the first person."""
    outside = [token for doc in docs for token in _outside_quotation(doc) if token.is_alpha]
    personal = sum(token.lower_ in _FIRST_SECOND for token in outside)
    return "report" if personal <= _PERSONAL_MAXIMUM * max(1, len(outside)) else "speech"


def judge(docs: Sequence[Doc], *, encode: Encode, registers: Sequence[Register]) -> list[Judged]:
    """Judge parsed sentences, each standing in a text of the register given for it."""
    classifier = load_classifier()
    embeddings = encode([doc.text for doc in docs])
    expected = (len(docs), classifier.embedding_weights.shape[0])
    if tuple(embeddings.shape) != expected:
        message = (
            f"the sentence embeddings have shape {tuple(embeddings.shape)}; check-worthiness needs {expected}: "
            "use the embedding model all-MiniLM-L6-v2, or train a classifier for yours with `python -m training.claims.train`"
        )
        raise ModelError(message)
    counts = np.asarray([features(doc) for doc in docs], dtype=np.float32)
    probabilities = classifier.probabilities(np.asarray(embeddings, dtype=np.float32), counts)
    return [
        _combined(doc, float(probability), classifier.prior, register)
        for doc, probability, register in zip(docs, probabilities, registers, strict=True)
    ]


def _combined(doc: Doc, probability: float, prior: float, register: Register) -> Judged:
    against = reason_against(doc)
    form = "" if against else factual_form(doc)
    shifted = probability
    if register == "report" and not form and not against and _about_a_person(doc):
        form = "named"
    if register == "report" and form == "modal" and _planned(doc):
        # "will vote on 26 March": in debates, on which the classifier was trained, "will" promises; in a report it is a date.
        form, shifted = "planned", max(probability, REPORT_PRIOR)
    elif register == "report" and form:
        odds = probability / max(1e-9, 1 - probability)
        odds *= (REPORT_PRIOR / (1 - REPORT_PRIOR)) / (prior / (1 - prior))
        shifted = odds / (1 + odds)
    return Judged(min(1.0, shifted), against, _why(doc, form, shifted))


# The form of a sentence.

_FIRST_SECOND = frozenset("i we you me us my our your mine ours yours myself ourselves yourself".split())
_OPINION_VERBS = frozenset("think believe feel hope guess suppose wish love hate prefer fear doubt".split())
_EVALUATIVE = frozenset(
    "good bad great terrible wonderful awful best worst beautiful ugly shameful disgraceful brilliant stupid wrong right"
    " ridiculous absurd outrageous deplorable magnificent important essential vital necessary crucial fair unfair nice"
    " disgusting proud happy delighted glad reckless cowardly foolish wise sensible sad tragic lovely"
    " inspiring overdue unacceptable heartless".split()
)
_OWN_VIEW = re.compile(
    r"\b(?:in (?:my|our) (?:view|opinion)|to my mind|if you ask me|frankly|sadly|thankfully)\b", re.IGNORECASE
)
_FUTURE = frozenset("will shall wo 'll ’ll".split())
# Acts that are arranged beforehand: with a figure, a date or a name, "will open on 3 May" states a plan that can be checked.
_ARRANGED = frozenset(
    "open reopen close start begin end launch retire step resign leave join visit meet travel host hold sign publish"
    " introduce build produce hire employ receive pay run stand appear vote go move merge buy sell replace deliver".split()
)
_HEDGED_FUTURE = frozenset("likely unlikely set poised bound expected due".split())
_REPORTING_ROOTS = frozenset(
    "say tell add announce report state declare claim explain stress note affirm warn deny confirm argue insist write"
    " acknowledge admit reveal emphasise emphasize describe believe consider maintain assert accuse pledge promise vow suggest"
    " show find estimate indicate conclude call urge demand condemn reject agree allege reiterate point underline".split()
)
REPORTING = _REPORTING_ROOTS
"""Verbs whose subject says or finds what follows."""
_FIGURES = frozenset({"PERCENT", "MONEY", "CARDINAL", "QUANTITY", "DATE", "ORDINAL", "TIME"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "NORP", "LOC", "FAC", "LAW", "EVENT", "PRODUCT", "WORK_OF_ART"})
FORMS = ("reported", "named and counted", "named", "counted", "plain", "modal")
"""The kinds of factual form, from the strongest sign to the weakest."""


def reason_against(doc: Doc) -> str:  # noqa: C901, PLR0911  a table of reasons, first match wins
    """Return why the grammar of a sentence rules it out as a claim, or "" if it does not."""
    text = doc.text.strip()
    words = [t for t in doc if t.is_alpha or t.like_num]
    if not words:
        return "no factual content"
    if not is_english_sentence(text):
        return "not in English"
    outside = _outside_quotation(doc)
    root = next((t for t in doc if t.dep_ == "ROOT"), doc[0])
    subject = subject_of(root)
    asks = root.lemma_ not in _REPORTING_ROOTS or words[0].tag_ in ("VBP", "VBZ", "VBD", "MD", "WP", "WRB", "WDT")
    if text.rstrip("\"'”’)» ").endswith("?") and asks:
        return "question"
    if root.tag_ == "VB" and subject is None and root in outside and _bids(root):
        return "instruction"
    finite = [t for t in doc if is_finite(t)]
    if not finite:
        return "no factual content"
    if len(words) < 4 and not any(e.label_ in _FIGURES | _NAMES for e in doc.ents):  # noqa: PLR2004
        return "too vague"
    reported = root.lemma_ in _REPORTING_ROOTS and subject is not None
    if reported:
        return "opinion" if _first_person(subject) and root.lemma_ in _OPINION_VERBS else ""
    modals = {c.lower_ for c in root.children if c.dep_ == "aux"}
    named = any(e.label_ in _FIGURES | _NAMES for e in doc.ents)
    arranged = named and root.lemma_ in _ARRANGED and modals & _FUTURE and not _first_person(subject)
    if not arranged and (
        modals & _FUTURE
        or any(c.lower_ in _HEDGED_FUTURE and c.dep_ in ("acomp", "advmod") for c in root.children)
        or _going_to(root)
    ):
        return "prediction"
    if _opinion(doc, root, subject, modals, named=named):
        return "opinion"
    if subject is not None and subject.lower_ in ("this", "that") and not named:
        return "too vague"
    if (
        not any(t.pos_ in ("NOUN", "PROPN", "NUM") for t in doc)
        and subject is not None
        and subject.lower_ not in ("he", "she")
    ):
        return "too vague"
    if subject is not None and subject.lower_ in ("it", "there") and not named and len(words) < 7:  # noqa: PLR2004
        return "too vague"
    return ""


def _bids(root: Token) -> bool:
    """Tell whether a bare verb without a subject is a request: only circumstances stand before it ("If in doubt, call …")."""
    before = [c for c in root.children if c.i < root.i and not c.is_punct]
    around = {"advcl", "prep", "intj", "neg", "advmod", "npadvmod"}
    return all(c.dep_ in around or (c.dep_ == "aux" and c.lower_ == "do") for c in before)


def is_judgement(clause: Token) -> bool:
    """Tell whether a clause values something ("this is a proud day") that is no one named, without a figure to check."""
    predicate = [c for c in clause.children if c.dep_ in ("acomp", "attr")]
    words = {c.lower_ for c in predicate} | {g.lower_ for c in predicate for g in c.children if g.dep_ == "amod"}
    subject = subject_of(clause)
    about_a_name = subject is not None and subject.ent_type_ in _NAMES
    return bool(words & _EVALUATIVE) and not about_a_name and not any(t.ent_type_ in _FIGURES for t in clause.subtree)


def states_in_headline(doc: Doc) -> bool:
    """Tell whether a line without a finite verb still states something: "School to reopen in May", "lunch costs £2.40"."""
    root = next((t for t in doc if t.dep_ == "ROOT"), doc[0])
    planned = root.tag_ == "VB" and subject_of(root) is not None and any(c.lower_ == "to" for c in root.children)
    measured = any(e.label_ in ("QUANTITY", "PERCENT", "MONEY") and e.start > 1 for e in doc.ents)
    item = doc.text[:1].islower() and any(e.label_ in _FIGURES for e in doc.ents) and len(doc) >= 6  # noqa: PLR2004
    return planned or measured or item


def _opinion(doc: Doc, root: Token, subject: Token | None, modals: set[str], *, named: bool) -> bool:
    """Tell whether the sentence judges or wishes rather than states."""
    if _first_person(subject) and root.lemma_ in _OPINION_VERBS:
        return True
    if modals & {"should", "must", "ought"} or _OWN_VIEW.search(doc.text):
        return True
    judged = [
        c for c in root.children if c.dep_ in ("acomp", "attr") and root.lemma_ in ("be", "seem", "remain", "look")
    ]
    valued = {c.lower_ for c in judged} | {g.lower_ for c in judged for g in c.children if g.dep_ == "amod"}
    if valued & _EVALUATIVE and not any(e.label_ in _FIGURES for e in doc.ents):
        return True
    return not named and any(t.tag_ == "JJS" and t.lower_ in _EVALUATIVE for t in doc)


def factual_form(doc: Doc) -> str:  # noqa: PLR0911  one rule after another
    """Return which of ``FORMS`` a sentence has, "" if none: what it states is then for the classifier alone."""
    outside = _outside_quotation(doc)
    if any(t.lower_ in _FIRST_SECOND for t in outside) or "!" in doc.text:
        return ""
    root = next((t for t in doc if t.dep_ == "ROOT"), doc[0])
    subject = subject_of(root)
    if subject is None or not is_finite(root) or len(doc) < 6:  # noqa: PLR2004
        return ""
    labels = {e.label_ for e in doc.ents}
    named, counted = bool(labels & _NAMES), bool(labels & _FIGURES)
    if root.lemma_ in _REPORTING_ROOTS and any(c.dep_ in ("ccomp", "dobj", "xcomp", "prep") for c in root.children):
        return "reported"
    if any(c.dep_ == "aux" and c.tag_ == "MD" for c in root.children):
        return "modal" if named or counted else ""
    if named and counted:
        return "named and counted"
    if named:
        return "named"
    if counted:
        return "counted"
    return "plain" if subject.pos_ in ("NOUN", "PROPN") and len(doc) >= 8 else ""  # noqa: PLR2004


def is_finite(token: Token) -> bool:
    """Tell whether a token is a finite verb, by itself or through an auxiliary."""
    if token.pos_ not in ("VERB", "AUX"):
        return False
    if token.tag_ in ("VBD", "VBZ", "VBP", "MD"):
        return True
    return any(c.dep_ in ("aux", "auxpass") and c.tag_ in ("VBD", "VBZ", "VBP", "MD") for c in token.children)


def _planned(doc: Doc) -> bool:
    """Tell whether a sentence states an act that is arranged for a day."""
    root = next((t for t in doc if t.dep_ == "ROOT"), doc[0])
    will = any(c.lower_ in _FUTURE for c in root.children) and not any(c.dep_ == "neg" for c in root.children)
    return root.lemma_ in _ARRANGED and will and any(e.label_ in ("DATE", "TIME") for e in doc.ents)


def _about_a_person(doc: Doc) -> bool:
    """Tell whether a sentence says what "he" or "she" did: in a report somebody it has named."""
    root = next((t for t in doc if t.dep_ == "ROOT"), doc[0])
    subject = subject_of(root)
    acts = root.pos_ == "VERB" and is_finite(root) and len(doc) >= 6  # noqa: PLR2004
    return acts and subject is not None and subject.lower_ in ("he", "she")


def _going_to(root: Token) -> bool:
    return root.lemma_ == "go" and root.tag_ == "VBG" and any(c.dep_ == "xcomp" for c in root.children)


def _first_person(subject: Token | None) -> bool:
    return subject is not None and subject.lower_ in ("i", "we")


def _outside_quotation(doc: Doc) -> list[Token]:
    """Return the tokens that are not between quotation marks."""
    kept: list[Token] = []
    inside = False
    for token in doc:
        if token.text in ("“", "„", "«"):
            inside = True
        elif token.text in ("”", "»"):
            inside = False
        elif token.text in ('"', "''", "``"):
            inside = not inside
        elif not inside:
            kept.append(token)
    return kept


def _why(doc: Doc, form: str, probability: float) -> str:
    """Return in words what speaks for a sentence."""
    signs = {
        "reported": "reports what somebody said or thinks",
        "named and counted": "names who or what, with a figure or date",
        "named": "states something about someone or something named",
        "counted": "gives a figure or date",
        "plain": "states a fact in the third person",
        "planned": "states what is arranged for a day",
        "modal": "says what somebody or something named can or could do",
    }
    shown = list(dict.fromkeys(e.text.strip() for e in doc.ents if e.label_ in _NAMES | _FIGURES))[:3]
    named = f" ({', '.join(shown)})" if shown else ""
    first = signs.get(form, "the classifier takes it for a checkable statement")
    return f"{first}{named}; classifier {probability:.2f}"
