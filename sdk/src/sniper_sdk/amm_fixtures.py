"""Fixtures for tests of an AMM against the real contracts: a dev chain, and what brings a pool's logs and reads to it.

In a package's ``tests/conftest.py``::

    from sniper_sdk.amm_fixtures import ask, chain, feed, reader, send

    __all__ = ["ask", "chain", "feed", "reader", "send"]
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sniper.amm import Amm, Change
from sniper.evm.abi import event, function
from sniper_sdk.devchain import DevChain, Receipt, calldata, checksum


@pytest.fixture(scope="module")
def chain() -> Iterator[DevChain]:
    with DevChain(kept_states=16) as running:
        yield running


Ask = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="module")
def ask(chain: DevChain) -> Ask:
    """``ask(address, "getReserves()(uint112,uint112,uint32)")``"""

    def asked(address: str, signature: str, *arguments: object) -> tuple[Any, ...]:
        compiled = function(signature)
        return compiled.decode(chain.call(address, compiled.encode(*arguments)))

    return asked


class DevChainReader:
    """`sniper.io.Chain` on the dev chain's newest block."""

    def __init__(self, chain: DevChain, ask: Ask) -> None:
        self.block = chain.block_number()
        self._ask = ask

    async def read(self, address: str, signature: str, *args: object) -> tuple[Any, ...]:
        return self._ask(address, signature, *args)


@pytest.fixture
def reader(chain: DevChain, ask: Ask) -> DevChainReader:
    return DevChainReader(chain, ask)


Feed = Callable[[Amm, str, Receipt], list[Change]]


@pytest.fixture(scope="module")
def feed() -> Feed:
    """Gives a pool's AMM the logs of one receipt, its own and those of what it follows, in order; returns what each
    handled log did to the liquidity."""

    def fed(amm: Amm, address: str, receipt: Receipt) -> list[Change]:
        members = [getattr(amm, name) for name in dir(amm) if not name.startswith("_")]
        sources = {"": address, **amm.follows()}
        handlers = {
            (sources[member.__sniper_of__].lower(), event(member.__sniper_log__).topic): (
                event(member.__sniper_log__),
                member,
            )
            for member in members
            if hasattr(member, "__sniper_log__") and member.__sniper_of__ in sources
        }
        changes = []
        for log in receipt.logs:
            if (log.address.lower(), log.topics[0]) in handlers:
                compiled, handler = handlers[log.address.lower(), log.topics[0]]
                changes.append(handler(*compiled.decode(log.topics, bytes.fromhex(log.data[2:]))))
        return changes

    return fed


Send = Callable[..., Receipt]


@pytest.fixture(scope="module")
def send(chain: DevChain) -> Send:
    """``send(address, "sync()")`` from the first account."""

    def sent(to: str, signature: str, *arguments: object) -> Receipt:
        return chain.send(chain.accounts[0], checksum(bytes.fromhex(to[2:])), calldata(signature, *arguments))

    return sent
