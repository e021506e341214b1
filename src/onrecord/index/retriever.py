"""The index as a LangChain retriever, for chains and tools of that ecosystem.

Not imported by the rest of the room: LangChain takes half a second to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from onrecord.index.search import Index
from onrecord.records import SearchFilters

if TYPE_CHECKING:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun


class IndexRetriever(BaseRetriever):
    """Hybrid search over the corpus, one document per passage, best first.

    A document's ``id`` is the passage's; its metadata hold the source (id, title, kind, publisher, speaker, date, address),
    the exact range in the stored version, and the hit's ranks and scores. ``invoke(query, top_k=3)`` asks for another number.
    """

    index: Index
    filters: SearchFilters = Field(default_factory=SearchFilters)
    top_k: int = Field(default=10, ge=1)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  the signature is LangChain's
        top_k: int | None = None,
    ) -> list[Document]:
        hits = self.index.search([query], filters=self.filters, top_k=self.top_k if top_k is None else top_k)[0]
        passages = self.index.store.passages([hit.passage_id for hit in hits])
        documents = []
        for hit, passage in zip(hits, passages, strict=True):
            source = passage.source
            metadata: dict[str, Any] = {
                "source_id": source.id,
                "version_id": passage.version_id,
                "start": passage.span.start,
                "end": passage.span.end,
                "title": source.title,
                "kind": source.kind.value,
                "primary": source.primary,
                "publisher": source.publisher,
                "speaker": passage.speaker,
                "published": source.published.isoformat() if source.published else None,
                "address": source.address,
                "hit": hit.model_dump(mode="json", exclude={"passage_id", "query"}),
            }
            documents.append(Document(id=passage.id, page_content=passage.text, metadata=metadata))
        return documents
