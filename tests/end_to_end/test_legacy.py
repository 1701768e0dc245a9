"""A bot on a chain without a base fee: it buys and sells there with transactions of type 0."""

from collections.abc import Iterator
from importlib.resources import files

import pytest
from stand import Stand
from stand.market import Market

from sniper.kernel import facts as f
from sniper.types import NATIVE
from sniper_sdk.devchain import Account, DevChain, encoded
from sniper_sdk.solidity import compiled

SUPPLY = 10**24


class Old(Market):
    """Its tokens are made of the opcodes that such a chain knows."""

    def token(self, kind: str, owner: Account, *values: int) -> str:
        made = compiled(files("sniper_sdk.zoo").joinpath("contracts"), evm_version="berlin")[kind]
        arguments = ("Token", "TKN", SUPPLY, *values)
        return self.chain.deploy(made.bytecode + encoded(made.constructor_types, arguments), sender=owner)


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain(automine=False, hardfork="berlin", chain_id=61) as running:
        assert "baseFeePerGas" not in running.rpc.call("eth_getBlockByNumber", "latest", False)
        yield running


async def test_it_buys_and_sells_on_a_chain_without_a_base_fee(stand: Stand, chain: DevChain) -> None:
    stand.market = Old(chain)
    stand.document["chain"]["dev"] |= {"transactions": "legacy"}
    # By such a hard fork this node wants gas paid for in what is only simulated, too.
    stand.document["plugins"] = {"disable": ["risk.honeypot"]}
    del stand.document["risk"]["honeypot"]
    await stand.start()
    held = await stand.hold_a_launch()
    await stand.sell(held)
    record = stand.record
    assert {order.side for order in record.all(f.OrderPlaced)} == {"increase", "reduce"}
    for signed in [moved for moved in record.all(f.AttemptMoved) if moved.raw]:
        sent = chain.rpc.call("eth_getTransactionByHash", signed.tx_hash)
        bid = next(made.bid for made in record.all(f.AttemptMade) if made.attempt == signed.attempt)
        assert (int(sent["type"], 16), int(sent["gasPrice"], 16)) == (0, bid.max_fee)
        assert int(sent["v"], 16) in (61 * 2 + 35, 61 * 2 + 36), "good on this chain alone (EIP-155)"
    assert record.books["main"].cash[f"61:{NATIVE}"] == chain.balance(stand.owner)
    assert stand.differences() == []
    assert await stand.replayed() == 0
