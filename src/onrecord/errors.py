"""Every error that On Record raises on purpose.

A message holds what came, what is accepted and what to do next, so that a command can print it as one line.

The tree::

    OnRecordError
    ├── SettingsError            a setting that cannot be used
    ├── DocumentError            something could not be read as a document
    │   ├── UnsupportedFormatError   no reader for this kind of file
    │   ├── EmptyDocumentError       read, but it holds no text
    │   ├── MappingError             a table's mapping file does not fit the table
    │   └── FetchError               an address could not be fetched, or must not be
    ├── LanguageError            text in a language that is not supported
    ├── CorpusError              the store refused or could not finish
    │   ├── NotFoundError            no such source, version, passage, check
    │   ├── CorpusBusyError          another process is writing
    │   └── CorpusDamagedError       stored bytes do not match their checksum
    ├── SearchIndexError         an index is missing, stale or broken
    ├── ModelError               a model could not be loaded or may not be used
    │   └── StanceModelError         a stance model without usable labels, or failing its golden pairs
    ├── NotAllowedError          this person's role does not include it
    ├── DecidedMeanwhileError    somebody else decided about the claim in the meantime
    └── ReportError              a record could not be rendered or read back
"""

from __future__ import annotations


class OnRecordError(Exception):
    """Base of every error that the package raises on purpose."""


class SettingsError(OnRecordError):
    """A setting has a value that cannot be used."""


class DocumentError(OnRecordError):
    """Something could not be read as a document."""


class UnsupportedFormatError(DocumentError):
    """There is no reader for this kind of file."""


class EmptyDocumentError(DocumentError):
    """The file was read, but there is no text in it."""


class MappingError(DocumentError):
    """A table's mapping file is wrong, or does not fit the table."""


class FetchError(DocumentError):
    """An address could not be fetched, or must not be."""

    def __init__(
        self, message: str, *, status: int | None = None, passing: bool = False, wait_seconds: float | None = None
    ) -> None:
        """Keep, beside the message, what a caller may decide by.

        Args:
            message: As for every error of the tree.
            status: The HTTP status, where there was an answer: 404 and 410 say that the page is gone.
            passing: Another attempt may succeed: no connection, no answer in time, an overloaded server.
            wait_seconds: How long the server asks to wait (``Retry-After``).
        """
        super().__init__(message)
        self.status = status
        self.passing = passing
        self.wait_seconds = wait_seconds


class LanguageError(OnRecordError):
    """The text is in a language that is not supported."""


class CorpusError(OnRecordError):
    """The corpus store refused an operation or could not finish it."""


class NotFoundError(CorpusError):
    """There is no source, version, passage or check with this identity."""


class CorpusBusyError(CorpusError):
    """Another process is writing to the corpus."""


class CorpusDamagedError(CorpusError):
    """Stored bytes do not match their recorded checksum."""


class SearchIndexError(OnRecordError):
    """An index is missing, stale or broken."""


class ModelError(OnRecordError):
    """A model could not be loaded or may not be used."""


class StanceModelError(ModelError):
    """A stance model has no usable labels, or fails its golden pairs."""


class ReportError(OnRecordError):
    """A record could not be rendered, or a rendered record could not be read back."""


class NotAllowedError(OnRecordError):
    """This person's role does not include what was asked for."""


class DecidedMeanwhileError(OnRecordError):
    """Somebody else decided about the claim after it was read; nothing was overwritten."""
