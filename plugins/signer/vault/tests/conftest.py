import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest

from sniper.signing.password import of_text
from sniper_sdk.signer_world import SignerWorld
from sniper_signer_vault.client import VaultConfig, VaultSigner

TOKEN = "hvs.a-token-of-vault"


class Vault:
    """Answers as Vault's documentation says of KV version 2: "Read secret version", and of errors."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.status = 200
        vault = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                vault.asked.append((self.path, self.headers.get("X-Vault-Namespace")))
                status, content = vault.answer(self.path, self.headers.get("X-Vault-Token"))
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", f"{vault.url}/elsewhere")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str, token: str | None) -> tuple[int, bytes]:
        if self.status != 200:
            return self.status, json.dumps({"errors": ["Vault is sealed"]}).encode()
        if token != TOKEN:
            return 403, json.dumps({"errors": ["permission denied"]}).encode()
        if path not in self.secrets:
            return 404, json.dumps({"errors": []}).encode()
        metadata = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 1}
        return 200, json.dumps({"data": {"data": self.secrets[path], "metadata": metadata}}).encode()


@pytest.fixture
def vault() -> Iterator[Vault]:
    running = Vault()
    running.secrets["/v1/secret/data/sniper/main"] = {"key": SignerWorld.key.hex()}
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def config(vault: Vault) -> Iterator[VaultConfig]:
    with TemporaryDirectory(prefix="signer-", dir="/tmp") as name:
        yield VaultConfig(
            socket=Path(name) / "s.sock", address=vault.url, paths=("sniper/main",), rules=SignerWorld.rules()
        )


@pytest.fixture
async def signer(config: VaultConfig) -> AsyncIterator[VaultSigner]:
    signer = VaultSigner(config, lambda: of_text(TOKEN))
    await signer.open()
    yield signer
    await signer.close()
