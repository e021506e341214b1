r"""Anything to ``Document``: files, pasted text, uploads, web addresses, tables and archives.

>>> from onrecord.settings import load_settings
>>> document = read_bytes("# Talks\n\nThey *met* again.".encode(), name="talks.md", settings=load_settings())
>>> document.title, document.text
('Talks', 'Talks\n\nThey met again.')
"""

from __future__ import annotations

from onrecord.documents.collect import (
    Collection,
    belonging,
    count_collection,
    count_documents,
    iter_collection,
    iter_documents,
    load_collection,
    read_table,
)
from onrecord.documents.feeds import Listed, Listing, read_listing
from onrecord.documents.mapping import TableMapping, load_mapping
from onrecord.documents.read import read, read_bytes, read_fetched, receive
from onrecord.documents.received import Content, ReadFailure, Received

__all__ = [
    "Collection",
    "Content",
    "Listed",
    "Listing",
    "ReadFailure",
    "Received",
    "TableMapping",
    "belonging",
    "count_collection",
    "count_documents",
    "iter_collection",
    "iter_documents",
    "load_collection",
    "load_mapping",
    "read",
    "read_bytes",
    "read_fetched",
    "read_listing",
    "read_table",
    "receive",
]
