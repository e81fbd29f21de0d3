"""A Milvus server, or a file for milvus-lite, and what becomes of it when it cannot be reached."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from embeddings.errors import StoreError

PATIENCE = 10.0
"""Seconds until a server that does not answer is given up."""
_WRITING = 120.0
"""The same for what may take a server long: writing, building an index, loading."""
_NOT_LOADED = 101
"""What Milvus says of a collection that is not in its memory."""
_UNREACHABLE = (
    "unavailable", "fail connecting", "failed to connect", "retry timeout", "deadline",
    "channel", "connection", "timed out", "cancelled",
)  # fmt: skip


class Server:
    """Calls a server. One that stops is found again, by the next call, when it is back."""

    def __init__(self, uri: str, token: str = "") -> None:
        """Name a server; it is connected to by the first call.

        Args:
            uri: "http://host:19530", or a file for milvus-lite, which ends in ".db".
            token: "user:password" or an API key, where the server wants one.
        """
        self.uri = uri
        self._token = token
        self._lock = Lock()
        self._client: Any = None

    def call(self, method: str, *arguments: Any, writing: bool = False, **named: Any) -> Any:
        """Call a method of `pymilvus.MilvusClient`.

        Raises:
            StoreError: The server cannot be reached, or refuses.
        """
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        patience = _WRITING if writing else PATIENCE
        try:
            try:
                return getattr(self._connected(), method)(*arguments, timeout=patience, **named)
            except MilvusException as error:
                if error.code != _NOT_LOADED or not arguments:
                    raise
                # A server that was started again may have emptied its memory.
                self._connected().load_collection(arguments[0], timeout=_WRITING)
                return getattr(self._connected(), method)(*arguments, timeout=patience, **named)
        except (MilvusException, RpcError, ValueError) as error:
            raise self._told(method, error) from error

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise StoreError(
                f"{self.uri}: needs pymilvus; install it with: pip install 'rapporteur[milvus]'"
            ) from error
        # They report every failed call beside raising it, and milvus-lite what it lacks.
        for name in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self.is_file:
            try:
                import milvus_lite  # noqa: F401
            except ImportError as error:
                raise StoreError(
                    f"{self.uri}: a file needs milvus-lite; install it with: "
                    "pip install 'rapporteur[milvus]'"
                ) from error
            Path(self.uri).parent.mkdir(parents=True, exist_ok=True)
        return MilvusClient(self.uri, token=self._token, timeout=PATIENCE, dedicated=True)

    @property
    def is_file(self) -> bool:
        """Whether it is a file for milvus-lite, which one process can open."""
        return self.uri.endswith(".db")

    @cached_property
    def is_lite(self) -> bool:
        """Whether milvus-lite answers, which looks through every row where Milvus has an index."""
        return "lite" in str(self.call("get_server_version"))

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
            if self.is_file:
                from milvus_lite.server_manager import server_manager_instance

                server_manager_instance.release_server(self.uri)

    def _told(self, method: str, error: Exception) -> StoreError:
        lines = str(getattr(error, "message", "") or error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        if self.is_file and self._client is None:
            return StoreError(
                f"{self.uri}: cannot be opened; milvus-lite serves one process at a time: stop the "
                "other one, or start `milvus-lite server` and name its address"
            )
        if any(word in str(error).lower() for word in _UNREACHABLE):
            self._forget()
            return StoreError(
                f"{self.uri}: the Milvus server does not answer; start it, or check the address, "
                "and ask again"
            )
        return StoreError(f"{self.uri}: Milvus refuses to {method.replace('_', ' ')}: {reason}")

    def _forget(self) -> None:
        """Drop the connection, so that the next call makes a new one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None and not self.is_file:
            client.close()
