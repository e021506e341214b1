"""On Record: check what an article says against what is on the record.

Importing the package loads no model and no heavy library. The doors are ``onrecord.workflow.check_article`` and
``onrecord.workflow.update_corpus``.
"""

from __future__ import annotations

__version__ = "0.1.0"
