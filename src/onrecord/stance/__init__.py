"""Compare a claim with a passage: ``questions`` says what is asked, ``judge`` answers with a stance and its rationale.

``verify_quotation`` says what became of a quotation in the whole corpus.

``windows`` cuts what is judged, and ``cascade`` says which network reads which of it. A network is a 3-way cross-encoder
(supports, refutes, neutral) with a calibration file; checks of numbers, dates and names beside it can turn a supposed support
into a conflict or an abstention, never the reverse. Importing this package loads no network.
"""

from __future__ import annotations

from onrecord.stance.calibrate import Calibration
from onrecord.stance.cascade import Cache
from onrecord.stance.judge import calibrations, judge, models
from onrecord.stance.questions import JudgeItem, questions, same_person
from onrecord.stance.quoted import long_enough, said_when, speaker_of, verify_quotation

__all__ = [
    "Cache",
    "Calibration",
    "JudgeItem",
    "calibrations",
    "judge",
    "long_enough",
    "models",
    "questions",
    "said_when",
    "same_person",
    "speaker_of",
    "verify_quotation",
]
