"""LangChain's own standard tests of vector stores, run against our Chroma configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests

from onrecord.index import load_embedder
from onrecord.index.dense import DenseEngine, langchain_embeddings, open_client
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
