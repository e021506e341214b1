"""Labelled data in, figures out: ``python -m evals run TASK``, ``python -m evals suite``, ``python -m evals.bench``.

Every figure that the README or the documents quote comes from here. The layers, from the bottom: ``data`` reads labelled
files, ``metrics`` computes scores, ``baselines`` says what a score is worth, ``workspace`` builds a corpus with the product's
own code, ``tasks/`` is the catalogue of what can be measured, ``suite`` runs many of them and keeps small summaries.
"""
