"""Subscriptions over web3.py's persistent providers.

web3.py keeps the connection; notifications are taken where its provider reads the socket, before they are formatted,
which takes ten times as long as decoding a log. Importing this module imports web3, which takes seconds: import it
where a feed starts.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final

from web3.exceptions import Web3RPCError
from web3.providers.persistent import AsyncIPCProvider, PersistentConnectionProvider, WebSocketProvider
from web3.types import RPCEndpoint, RPCResponse

from sniper.errors import RpcError, WrongChain
from sniper.evm.wire import endpoint_name

__all__ = ["SubscriptionRefused", "subscribe"]

_WAITING: Final = 4096

# web3.py logs the whole URL, API key included, at level INFO.
logging.getLogger("web3.providers").setLevel(logging.WARNING)

# Any: JSON, as the node sent it.
Notification = tuple[str, Any]


class SubscriptionRefused(RpcError):
    """The node understood, and does not offer this subscription."""

    code = "subscription-refused"


class _Notifications:
    """Mixed into a provider: takes notifications out of what it reads. None marks the end of the connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Bounded: a consumer that lags stops the reading, and the node's socket buffers, instead of growing for ever.
        self.notifications: asyncio.Queue[Notification | None] = asyncio.Queue(_WAITING)

    async def socket_recv(self) -> RPCResponse:
        try:
            while True:
                message: RPCResponse = await super().socket_recv()  # type: ignore[misc]
                if isinstance(message, dict) and message.get("method") == "eth_subscription":
                    params: Any = message["params"]
                    await self.notifications.put((params["subscription"], params["result"]))
                elif isinstance(message, dict) and "id" in message:
                    return message
                else:
                    raise RpcError("a subscription's node sent neither an answer nor a notification")
        except Exception:
            await self.notifications.put(None)
            raise


class _WebSocket(_Notifications, WebSocketProvider): ...


class _UnixSocket(_Notifications, AsyncIPCProvider): ...


async def subscribe(
    url: str,
    chain_id: int,
    subscriptions: Sequence[Sequence[Any]],
    *,
    within: float,
    made: Callable[[], None] = lambda: None,
) -> AsyncGenerator[tuple[int, Any], None]:
    """Yield (index into ``subscriptions``, result as JSON) in the order of arrival, until the consumer stops.

    Each subscription is the parameters of ``eth_subscribe``, e.g. ``("logs", {"address": …})``; ``made`` is called once
    the node has confirmed them all. Raises `RpcError` when
    the connection ends or was never made, `SubscriptionRefused` and `WrongChain` before the first notification.
    """
    name = endpoint_name(url)
    # One attempt: pauses between attempts are the caller's, who also has to fill the gap.
    options: dict[str, Any] = {"max_connection_retries": 1, "request_timeout": within}
    provider: Any = _UnixSocket(url, **options) if name.startswith("ipc:") else _WebSocket(url, **options)
    try:
        try:
            async with asyncio.timeout(within):
                await provider.connect()
                found = int(await _ask(provider, "eth_chainId", ()), 16)
                if found != chain_id:
                    raise WrongChain(f"{name} serves chain {found}, but the config says chain {chain_id}")
                ids = [await _ask(provider, "eth_subscribe", subscription) for subscription in subscriptions]
        except Web3RPCError as cause:
            raise SubscriptionRefused(f"{name} refused to subscribe: {cause.message}") from None
        except RpcError:
            raise
        except Exception as cause:  # web3.py passes on whatever its socket library raises, URL included
            raise RpcError(f"{name}: no subscription could be made: {type(cause).__name__}") from None
        made()
        index = {id_: position for position, id_ in enumerate(ids)}
        while (notification := await provider.notifications.get()) is not None:
            position = index.get(notification[0])
            if position is None:
                raise RpcError(f"{name} notified of a subscription that it never confirmed")
            yield position, notification[1]
        raise RpcError(f"{name} closed the connection of {len(ids)} subscriptions")
    finally:
        await _disconnect(provider)


async def _ask(provider: PersistentConnectionProvider, method: str, params: Sequence[Any]) -> Any:
    response = await provider.make_request(RPCEndpoint(method), list(params))
    if "result" not in response:
        raise Web3RPCError(str(response.get("error")))
    return response["result"]


async def _disconnect(provider: PersistentConnectionProvider) -> None:
    try:
        await provider.disconnect()
    except Exception as cause:  # the listener's own failure comes out again here, after it was reported
        logging.getLogger(__name__).debug("after disconnecting: %s", type(cause).__name__)
