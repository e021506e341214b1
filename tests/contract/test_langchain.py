"""LangChain's own standard tests, run against our Chroma configuration as a vector store, and against our retriever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests.retrievers import RetrieversIntegrationTests
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests

from onrecord.corpus import Store
from onrecord.index import Index, load_embedder
from onrecord.index.dense import DenseEngine, langchain_embeddings, open_client
from onrecord.index.retriever import IndexRetriever
from onrecord.settings import load_settings


class TestStandard(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:  # type: ignore[override]
        settings = load_settings(home=tmp_path)
        engine = DenseEngine(open_client(settings), load_embedder(settings))
        yield engine.vector_store
        engine.close()

    @staticmethod
    def get_embeddings() -> Embeddings:
        """The real ones: Chroma fixes the dimension of a collection by its first record."""
        return langchain_embeddings(load_embedder(load_settings()))


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def opened(self, small_corpus: tuple[Path, Path]) -> Iterator[None]:
        settings = load_settings(home=small_corpus[0])
        with Store.open(settings) as store, Index.open(store, settings) as index:
            self.index = index
            yield

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return IndexRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"index": self.index}

    @property
    def retriever_query_example(self) -> str:
        return "Who eradicated smallpox?"

    @property
    def num_results_arg_name(self) -> str:
        return "top_k"
