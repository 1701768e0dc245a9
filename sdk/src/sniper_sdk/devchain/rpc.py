"""JSON-RPC to the dev chain over one kept connection: small and quick (0.1 ms a call), and nothing to import."""

import http.client
import json
import threading
from typing import Any

from sniper.errors import CallReverted, RpcError

_ERROR_SELECTOR = bytes.fromhex("08c379a0")  # Error(string), which solc emits for require(…, "reason")


class Rpc:
    """A client of one node. Threads may share it; calls queue up behind one another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._turn = threading.Lock()
        self._calls = 0

    def call(self, method: str, *params: Any) -> Any:
        """The ``result`` of one call, as JSON gives it.

        Raises `CallReverted` with the contract's reason, `RpcError` for any other refusal or a dead node.
        """
        with self._turn:
            self._calls += 1
            body = json.dumps({"jsonrpc": "2.0", "id": self._calls, "method": method, "params": params})
            try:
                self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
                answer = json.loads(self._connection.getresponse().read())
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise RpcError(
                    f"{method}: the dev chain on port {self._port} does not answer ({error!r}); is it still running?"
                ) from error
        if "error" in answer:
            raise _refusal(method, answer["error"])
        return answer["result"]

    def close(self) -> None:
        """Drop the connection."""
        with self._turn:
            self._connection.close()


def _refusal(method: str, error: dict[str, Any]) -> CallReverted | RpcError:
    data = error.get("data")
    if error.get("code") == 3 or "revert" in str(error.get("message")):
        return CallReverted(f"{method}: reverted: {revert_reason(data) if isinstance(data, str) else error['message']}")
    return RpcError(f"{method}: the dev chain refused: {error.get('message')} (code {error.get('code')})")


def revert_reason(data: str) -> str:
    """What a contract said when it reverted: its text, or the first bytes of whatever it returned. `data` is hex."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    if raw.startswith(_ERROR_SELECTOR) and len(raw) >= 68:
        length = int.from_bytes(raw[36:68], "big")
        return raw[68 : 68 + min(length, 200)].decode(errors="replace") or "without a reason"
    return f"0x{raw[:36].hex()}{'…' if len(raw) > 36 else ''} ({len(raw)} bytes)" if raw else "without a reason"
