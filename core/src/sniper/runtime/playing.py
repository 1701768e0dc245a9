"""What an executor may know of the kernel; see `sniper.executor.ExecutorContext`."""

from collections.abc import Callable

from sniper.amm import Amm, NoLiquidity
from sniper.evm.log import Log
from sniper.evm.rpc import Endpoints
from sniper.executor import Submission
from sniper.kernel.account import Account
from sniper.kernel.kernel import Kernel
from sniper.router import Leg, NoRoute, RouteAsk
from sniper.routing import quoted, walked
from sniper.runtime.kill import withheld
from sniper.types import KillLevel, LiquidityMoved, asset_id
from sniper.venue import Provision, Removal, Swap


def _off(account: str) -> KillLevel:
    return KillLevel.OFF


class PlayContext:
    """Reads the kernel's state from the shell; the two share a thread."""

    def __init__(
        self, kernel: Kernel, endpoints: dict[int, Endpoints], kill: Callable[[str], KillLevel] = _off
    ) -> None:
        """``kill``: where an account stands now; without it no switch holds anything back."""
        self._kernel = kernel
        self._endpoints = endpoints
        self._kill = kill

    def endpoints(self, chain_id: int) -> Endpoints:
        """See `ExecutorContext`."""
        return self._endpoints[chain_id]

    def block(self, chain_id: int) -> int:
        """See `ExecutorContext`."""
        return self._kernel.market.chains[chain_id].number

    def base_fee(self, chain_id: int) -> int:
        """See `ExecutorContext`."""
        return self._kernel.market.chains[chain_id].base_fee

    def withheld(self, submission: Submission) -> str:
        """See `ExecutorContext`."""
        return withheld(self._kill(submission.account), submission)

    def quote(self, swap: Swap) -> int:
        """See `ExecutorContext`."""
        account = self._account(swap.chain_id, swap.owner)
        if account is not None and swap.legs and swap.opens:
            token = asset_id(swap.chain_id, swap.token_out)
            return account.planning.after_tax(token, self._routed(account, swap, swap.amount_in), buying=True)
        if account is not None and swap.legs:
            token = asset_id(swap.chain_id, swap.token_in)
            return self._routed(account, swap, account.planning.after_tax(token, swap.amount_in, buying=False))
        pool = account.pool(asset_id(swap.chain_id, swap.pool)) if account else None
        if pool is None or account is None:
            raise NoLiquidity(f"pool {swap.pool} of chain {swap.chain_id} is not known")
        coin = account.planning.pool_coin(swap.token_in)
        if swap.opens:
            token = asset_id(swap.chain_id, swap.token_out)
            return account.planning.after_tax(token, pool.amount_out(coin, swap.amount_in), buying=True)
        token = asset_id(swap.chain_id, swap.token_in)
        return pool.amount_out(coin, account.planning.after_tax(token, swap.amount_in, buying=False))

    def moved(self, submission: Submission, logs: tuple[Log, ...]) -> LiquidityMoved | None:
        """See `ExecutorContext`."""
        venues = self._kernel.wiring.venues
        found = (venue.liquidity_moved(logs) for _, venue in sorted(venues.items()))
        return next((each for each in found if each is not None), None)

    def provided(self, provision: Provision) -> LiquidityMoved:
        """See `ExecutorContext`."""
        impl, bounds = self._with_ranges(provision), (provision.lower, provision.upper)
        liquidity = impl.range_liquidity(*bounds, *provision.amounts)
        amounts = impl.range_amounts(*bounds, liquidity, up=True)
        _enough(liquidity, amounts, provision.least)
        return LiquidityMoved(position=0, liquidity=liquidity, amounts=amounts)

    def removed(self, removal: Removal) -> tuple[LiquidityMoved, tuple[int, int]]:
        """See `ExecutorContext`."""
        impl = self._with_ranges(removal)
        held = self._held(removal)
        amounts = impl.range_amounts(removal.lower, removal.upper, removal.liquidity, up=False)
        _enough(1, amounts, removal.least)
        fees = impl.range_fees(removal.range, held) or (0, 0)
        return LiquidityMoved(position=removal.position, liquidity=-removal.liquidity, amounts=amounts), fees

    def _held(self, removal: Removal) -> int:
        """All of the range's liquidity, which has earned its fees."""
        account = self._account(removal.chain_id, removal.owner)
        held = account.book.ranges.get(removal.range) if account else None
        return held.liquidity if held else 0

    def _with_ranges(self, deed: Provision | Removal) -> Amm:
        """The state of a pool. Raises `NoLiquidity`."""
        found = self._account(deed.chain_id, deed.owner)
        pool = found.pool(asset_id(deed.chain_id, deed.pool)) if found else None
        if pool is None:
            raise NoLiquidity(f"pool {deed.pool} of chain {deed.chain_id} is not known")
        return pool.impl

    def _account(self, chain_id: int, owner: str) -> Account | None:
        """One key has the same address on every chain."""
        wirings = ((each, each.wiring) for each in self._kernel.accounts.values())
        return next((a for a, w in wirings if w.chain_id == chain_id and owner in w.wallets), None)

    def _routed(self, account: Account, swap: Swap, amount: int) -> int:
        """What the legs give for so much. Raises `NoLiquidity`, also where one of its pools is not known any
        more."""
        coin_in, coin_out = (account.planning.pool_coin(token) for token in (swap.token_in, swap.token_out))
        count = len(swap.legs)
        ask = RouteAsk(
            chain_id=swap.chain_id,
            token_in=coin_in,
            token_out=coin_out,
            amount=amount,
            max_hops=count,
            max_legs=count,
        )
        legs = [Leg(pool=leg.pool, token_in=leg.coin_in, token_out=leg.coin_out, share=leg.share) for leg in swap.legs]
        try:
            if coin_in == coin_out:
                return walked(account.chain, legs, coin_in, amount)[-1].amount_out
            return quoted(account.chain, ask, legs, method="played", bound=None).amount_out
        except NoRoute as error:
            raise NoLiquidity(str(error)) from error


def _enough(liquidity: int, amounts: tuple[int, int], least: tuple[int, int]) -> None:
    """As the position manager insists on it ("Price slippage check"). Raises `NoLiquidity`."""
    if not liquidity or any(amount < bound for amount, bound in zip(amounts, least, strict=True)):
        raise NoLiquidity(f"the price has moved: {amounts} of at least {least}")
