"""What a venue must hold on a chain: its plans are sent, and balances are counted."""

from importlib.resources import files
from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper.types import NATIVE
from sniper.venue import OnChainVenue, Step, Swap
from sniper_sdk.conformance.venue_world import VenueWorld
from sniper_sdk.devchain import DevChain, calldata, checksum
from sniper_sdk.devchain.chain import Receipt

_FOREVER = 2**40
_DEPTH = 50 * 10**18
"""Wei of wrapped coin in each pool."""


class VenueOnChain(VenueWorld):
    """Override `settle`, and `open_pool` where the pools are no pairs of Uniswap V2."""

    def settle(self, chain: DevChain) -> OnChainVenue:
        """The venue, configured for contracts on this chain; omit it, and plans are not sent."""
        raise NotImplementedError

    def open_pool(self, chain: DevChain, coins: tuple[str, str], amounts: tuple[int, int]) -> tuple[str, int]:
        """Make a pool with so much of two coins, which the chain's first account holds; its address and what it answers
        to ``venue_data``."""
        me, at = chain.accounts[0], chain.addresses
        for coin in coins:
            chain.send(me, coin, calldata("approve(address,uint256)", at.v2_router, 2**255))
        add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        chain.send(me, at.v2_router, calldata(add, *coins, *amounts, 0, 0, me.address, _FOREVER))
        found = chain.call(at.v2_factory, calldata("getPair(address,address)", *coins))
        return "0x" + found[-20:].hex(), self.pool_data

    @pytest.fixture
    def on_chain(self, request: pytest.FixtureRequest) -> DevChain:
        """The dev chain in its known state."""
        if type(self).settle is VenueOnChain.settle:
            pytest.skip("no settle: plans are not sent on a chain here")
        chain: DevChain = request.getfixturevalue("dev_chain")
        return chain

    def test_a_purchase_pays_its_amount_and_brings_tokens_to_the_owner(self, on_chain: DevChain) -> None:
        """With the chain's own coin, for the owner, to the wei."""
        trader = _Trader(self, on_chain, trader_holds=0)
        paid, received = trader.traded(trader.swap(NATIVE, trader.token, 10**17))
        assert paid == 10**17, f"{10**17} wei were to be paid, {paid} were"
        assert received > 0, "nothing was received"

    def test_a_sale_sells_its_amount_and_pays_native_coin(self, on_chain: DevChain) -> None:
        """What is sold is gone to the last unit, and the owner has native coin for it, not the wrapped one."""
        trader = _Trader(self, on_chain)
        amount = trader.balance(trader.token)
        before = trader.balance(trader.wrapped)
        paid, received = trader.traded(trader.swap(trader.token, NATIVE, amount))
        assert paid == amount, f"{amount} were to be sold, {paid} were"
        assert received > 0, "no native coin was received"
        assert trader.balance(trader.wrapped) == before, "the owner was paid in the wrapped coin"

    def test_the_wrapped_coin_buys_and_is_paid_as_a_token(self, on_chain: DevChain) -> None:
        """Without a wei of native coin but for gas."""
        trader = _Trader(self, on_chain)
        on_chain.send(trader.account, trader.wrapped, calldata("deposit()"), 10**18)
        paid, received = trader.traded(trader.swap(trader.wrapped, trader.token, 10**17))
        assert (paid, received > 0) == (10**17, True), f"{paid} of the wrapped coin bought {received}"
        native = trader.balance(NATIVE)
        steps = self._settled(on_chain).plan(trader.swap(trader.token, trader.wrapped, received))
        gas = sum(receipt.fee for receipt in trader.carry_out(steps))
        assert trader.balance(NATIVE) == native - gas, "who asked for the wrapped coin was paid in native coin"

    def test_the_minimum_decides_to_the_last_unit(self, on_chain: DevChain) -> None:
        """What a swap brings is enough as its minimum; one unit more reverts, and costs no token."""
        trader = _Trader(self, on_chain)
        amount = trader.balance(trader.token) // 2
        for token_in, token_out, paid in ((NATIVE, trader.token, 10**17), (trader.token, NATIVE, amount)):
            before = on_chain.snapshot()
            _, received = trader.traded(trader.swap(token_in, token_out, paid))
            on_chain.revert(before)
            before = on_chain.snapshot()
            _, again = trader.traded(trader.swap(token_in, token_out, paid, min_out=received))
            assert again == received, f"brings {again} with a minimum, and {received} without"
            on_chain.revert(before)
            held = trader.balance(trader.token)
            self._reverts(trader, trader.swap(token_in, token_out, paid, min_out=received + 1), "a unit too little")
            assert trader.balance(trader.token) == held, "what reverted has moved tokens"

    def test_it_reverts_after_its_deadline(self, on_chain: DevChain) -> None:
        """A transaction that comes too late trades nothing."""
        trader = _Trader(self, on_chain)
        late = on_chain.timestamp() - 1
        self._reverts(trader, trader.swap(NATIVE, trader.token, 10**17, deadline=late), "a deadline that is over")

    @pytest.mark.parametrize("decimals", [0, 6, 18, 27])
    def test_tokens_of_any_decimals_are_traded(self, on_chain: DevChain, decimals: int) -> None:
        """There and back, all of it."""
        trader = _Trader(self, on_chain, decimals=decimals, trader_holds=0)
        _, received = trader.traded(trader.swap(NATIVE, trader.token, 10**18))
        assert received > 0, f"a coin bought nothing of a token with {decimals} decimals"
        sold, back = trader.traded(trader.swap(trader.token, NATIVE, received))
        assert (sold, back > 0) == (received, True), f"of {received} units {sold} were sold, for {back} wei"

    def test_dust_is_traded_or_refused(self, on_chain: DevChain) -> None:
        """One base unit is sold as one base unit, or the transaction reverts; it is not more, and not all there is."""
        trader = _Trader(self, on_chain)
        held = trader.balance(trader.token)
        try:
            sold, _ = trader.traded(trader.swap(trader.token, NATIVE, 1))
        except CallReverted:
            sold = 0
        assert sold in (0, 1), f"one unit was to be sold, and {sold} were"
        assert trader.balance(trader.token) == held - sold

    def test_a_fee_on_transfer_is_no_excuse_for_less_than_the_minimum(self, on_chain: DevChain) -> None:
        """Of a token that keeps a part of each transfer, what arrives counts, or the transaction reverts."""
        if self.before_tax:
            pytest.skip("its minimum is for what leaves the pool: see before_tax")
        trader = _Trader(self, on_chain, kind="FeeToken")
        before = on_chain.snapshot()
        try:
            _, received = trader.traded(trader.swap(NATIVE, trader.token, 10**17))
        except CallReverted:
            return  # such tokens are refused
        on_chain.revert(before)
        self._reverts(trader, trader.swap(NATIVE, trader.token, 10**17, min_out=received + 1), "less than its minimum")
        sold, paid = trader.traded(trader.swap(trader.token, NATIVE, trader.balance(trader.token) // 2))
        assert sold > 0, "nothing was sold"
        assert paid > 0, "nothing was paid"

    def test_a_token_that_answers_nothing_is_approved_and_sold(self, on_chain: DevChain) -> None:
        """As USDT: no answer to transfers and approvals, and an allowance must be zero before it is set."""
        trader = _Trader(self, on_chain, kind="NoReturnToken")
        spender = self._settled(on_chain).spender(on_chain.chain_id, self.amm)
        on_chain.send(trader.account, trader.token, calldata("approve(address,uint256)", checksum_of(spender), 5))
        amount = trader.balance(trader.token) // 2
        sold, received = trader.traded(trader.swap(trader.token, NATIVE, amount, allowance=5))
        assert (sold, received > 0) == (amount, True), f"of {amount} units {sold} were sold, for {received} wei"

    def test_nothing_is_left_with_the_spender(self, on_chain: DevChain) -> None:
        """After a purchase and a sale, the venue's contract holds no coin of the trade, and may take nothing more."""
        trader = _Trader(self, on_chain)
        amount = trader.balance(trader.token) // 2
        contracts: set[str] = set()
        for token_in, token_out, paid in ((NATIVE, trader.token, 10**17), (trader.token, NATIVE, amount)):
            swap = trader.swap(token_in, token_out, paid)
            contracts.add(self._settled(on_chain).plan(swap)[-1].to)
            trader.traded(swap)
        for contract in contracts:
            for coin in (NATIVE, trader.wrapped, trader.token):
                left = trader.balance(coin, contract)
                assert left == 0, f"{left} of {coin} were left in {contract}"
        spender = self._settled(on_chain).spender(on_chain.chain_id, self.amm)
        asked = calldata("allowance(address,address)", trader.account.address, checksum_of(spender))
        allowed = int.from_bytes(on_chain.call(trader.token, asked), "big")
        assert allowed == 0, f"the spender may still take {allowed} after the sale"

    def test_a_plan_needs_no_chain(self, on_chain: DevChain) -> None:
        """The same swap has the same plan before and after it was carried out."""
        trader = _Trader(self, on_chain)
        venue, swap = self._settled(on_chain), trader.swap(NATIVE, trader.token, 10**17)
        first = venue.plan(swap)
        trader.carry_out(first)
        assert venue.plan(swap) == first, "the plan changed with the chain"

    def _settled(self, chain: DevChain) -> OnChainVenue:
        return self.settle(chain)

    def _reverts(self, trader: "_Trader", swap: Swap, why: str) -> None:
        try:
            trader.traded(swap)
        except CallReverted:
            return
        raise AssertionError(f"did not revert, with {why}")


class _Trader:
    """The chain's second account, and a pool of a token against the wrapped coin; it holds some of the token."""

    def __init__(
        self, suite: VenueOnChain, chain: DevChain, *, kind: str = "", decimals: int = 18, trader_holds: int = 1
    ) -> None:
        self.suite = suite
        self.chain = chain
        maker, self.account = chain.accounts[:2]
        self.wrapped = chain.addresses.weth.lower()
        supply = 10 ** max(decimals, 5) * 10**4
        self.token = self._token(kind, decimals, supply).lower()
        chain.send(maker, chain.addresses.weth, calldata("deposit()"), _DEPTH)
        holds = supply // 100 * trader_holds
        if holds:
            chain.send(maker, self.token, calldata("transfer(address,uint256)", self.account.address, holds))
        self.pool, self.pool_data = suite.open_pool(chain, (self.token, self.wrapped), (supply // 2, _DEPTH))

    def _token(self, kind: str, decimals: int, supply: int) -> str:
        if kind:
            from sniper_sdk.zoo import contract

            return self.chain.deploy(contract(kind), "Token", "TKN", supply)
        from sniper_sdk.solidity import compiled

        return self.chain.deploy(compiled(files("sniper_sdk").joinpath("contracts"))["Coin"], decimals, supply)

    def swap(self, token_in: str, token_out: str, amount: int, **changes: Any) -> Swap:  # Any: of a swap's fields
        fields: dict[str, Any] = {"min_out": 0, "deadline": _FOREVER, "allowance": 0, **changes}
        return Swap(
            chain_id=self.chain.chain_id,
            owner=self.account.address.lower(),
            token_in=token_in,
            token_out=token_out,
            pool=self.pool,
            amm=self.suite.amm,
            pool_data=self.pool_data,
            amount_in=amount,
            opens=token_out == self.token,
            **fields,
        )

    def carry_out(self, steps: tuple[Step, ...]) -> list[Receipt]:
        """Send each with its own gas limit; raises `CallReverted` at the first that fails."""
        return [
            self.chain.send(self.account, checksum_of(step.to), step.data, step.value, gas=step.gas) for step in steps
        ]

    def traded(self, swap: Swap) -> tuple[int, int]:
        """What the owner paid and received, gas apart. Raises `CallReverted`."""
        coins = (swap.token_in, swap.token_out)
        before = [self.balance(coin) for coin in coins]
        gas = sum(receipt.fee for receipt in self.carry_out(self.suite.settle(self.chain).plan(swap)))
        after = [self.balance(coin) + (gas if coin == NATIVE else 0) for coin in coins]
        return before[0] - after[0], after[1] - before[1]

    def balance(self, coin: str, of: str = "") -> int:
        """Base units, of the trader where nobody is named."""
        address = checksum_of(of) if of else self.account.address
        return self.chain.balance(address) if coin == NATIVE else self.chain.token_balance(coin, address)


def checksum_of(address: str) -> str:
    """An address as the dev chain's accounts have it."""
    return checksum(bytes.fromhex(address[2:]))
