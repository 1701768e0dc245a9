"""Where proposals go: a Safe Transaction Service, or a file whose lines somebody carries to the owners."""

import asyncio
import json
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Final

import aiohttp

from sniper.signer import SignerUnreachable, SignRequest
from sniper_signer_safe.proposal import checksummed

_PATIENCE: Final = aiohttp.ClientTimeout(total=4)


class Board(ABC):
    """Takes proposals; says the next nonce of a Safe. Both raise `SignerUnreachable`. Any: JSON."""

    @abstractmethod
    async def nonce(self, request: SignRequest) -> int: ...

    @abstractmethod
    async def propose(self, safe: str, body: dict[str, Any]) -> None: ...

    async def close(self) -> None:
        """Let go of what it holds."""
        return


class Service(Board):
    """Safe's Transaction Service, or what speaks like it. Proposing the same again changes nothing."""

    def __init__(self, url: str, key: str | None) -> None:
        """``key``: sent as a bearer token."""
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def nonce(self, request: SignRequest) -> int:
        answer = await self._asked("GET", f"/api/v1/safes/{checksummed(request.sender)}/", None)
        try:
            return int(answer["nonce"])
        except (TypeError, KeyError, ValueError):
            raise SignerUnreachable(f"{self._url} does not say the nonce of Safe {request.sender}") from None

    async def propose(self, safe: str, body: dict[str, Any]) -> None:
        await self._asked("POST", f"/api/v1/safes/{checksummed(safe)}/multisig-transactions/", body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _asked(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE, headers=self._headers)
        try:
            async with self._session.request(method, self._url + path, json=body) as answer:
                content = await answer.read()
                if answer.status >= 400:
                    said = content[:300].decode(errors="replace")
                    raise SignerUnreachable(f"{self._url} answers {answer.status} to {method} {path}: {said}")
                return json.loads(content) if content.strip() else None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SignerUnreachable(
                f"{self._url} cannot be asked: {type(error).__name__}; asking again is harmless"
            ) from None


class File(Board):
    """One line of JSON for each proposal. The nonce is that of the request: nobody else is there to be asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def nonce(self, request: SignRequest) -> int:
        return request.nonce

    async def propose(self, safe: str, body: dict[str, Any]) -> None:
        await asyncio.to_thread(self._append, json.dumps({"safe": checksummed(safe), **body}) + "\n")

    def _append(self, line: str) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SignerUnreachable(f"{self._path} cannot be written: {error.strerror}; make room") from error
