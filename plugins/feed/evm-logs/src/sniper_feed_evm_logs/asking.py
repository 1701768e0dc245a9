"""Asking until an endpoint tells the truth."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sniper.errors import RpcError
from sniper.evm.endpoint import Endpoint, NodeError, Request
from sniper.evm.rpc import Endpoints
from sniper_feed_evm_logs.errors import NodeLied, NotThere

T = TypeVar("T")


async def ask(endpoints: Endpoints, requests: Sequence[Request], read: Callable[[list[Any | NodeError]], T]) -> T:
    """One batch to one endpoint, and what ``read`` makes of the results (JSON). ``read`` may raise

    * `NodeLied`: the endpoint is treated as failing, and the question goes to the next
    * `NotThere` or `NodeError`: the next is asked, and if all say so, it is raised

    Raises `RpcError` when no endpoint gave a usable answer in time; it names the last lie.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + endpoints.timeout
    open_: list[Endpoint] = list(endpoints.endpoints)
    said: NotThere | NodeError | None = None
    failure: RpcError | None = None
    while open_:
        now = loop.time()
        endpoint = min(open_, key=lambda each: (max(each.due(len(requests), now), now), each.latency))
        due = endpoint.due(len(requests), now)
        if said is not None and not endpoint.healthy:
            raise said
        if max(due, now) >= deadline:
            break
        if due > now:
            await asyncio.sleep(due - now)
        try:
            return read(await endpoint.ask(requests, min(endpoints.attempt_timeout, deadline - now)))
        except (NotThere, NodeError) as error:
            said = error
            open_.remove(endpoint)
        except NodeLied as error:
            endpoint.distrust(error)
            failure = endpoint.failure  # the same with the endpoint's name
        except RpcError as error:
            failure = error
    if said is not None:
        raise said
    what = requests[0][0] if len(requests) == 1 else f"a batch of {len(requests)}"
    within = f"{endpoints.timeout:g} s"
    raise RpcError(f"chain {endpoints.chain_id}: no endpoint gave a usable answer to {what} within {within}: {failure}")
