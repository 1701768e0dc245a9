"""What a trade needs: the swap, the transactions, the gas, and for an entry all that must be reserved.

Questions on the present state; nothing here decides or changes anything.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sniper.errors import PluginFault, told
from sniper.evm.transaction import transaction
from sniper.kernel import facts as f
from sniper.kernel.allowances import approved_amount, grants
from sniper.kernel.book import Order, Position
from sniper.kernel.given import given
from sniper.kernel.pool import Pool
from sniper.kernel.routes import Alone, Trade, not_routed
from sniper.risk import Finding, at_least, must
from sniper.routing import worth
from sniper.types import BPS, NATIVE, Entry, FeeBid, Stake, Step, asset_id, split_asset
from sniper.venue import OnChainVenue, RouteSwap, Swap

if TYPE_CHECKING:
    from sniper.kernel.account import Account


DATA_FEE = "what the chain takes for data was not read yet"
DATA_HEADROOM_BPS = 12_500
"""Kept for what a rollup takes beside gas, of what that is now: the base fee of its L1 rises by an eighth with each of
its blocks at most (EIP-1559), and what is signed has a byte or two more than is known before."""
NONCE, FEE = 0x9E3779, 0xB97F4A7C15
"""Stand for what is not known before a transaction is signed: as long as those get, and of bytes that do not repeat."""
AMOUNT = 0xF39CC0605CEDC8341082276B
"""An amount of so many bytes that do not repeat, which compression would make cheaper than what will be sold."""


class Purchase(NamedTuple):
    """An entry through one pool, as `sniper.kernel.facts.OrderPlaced` has it."""

    wallet: str
    swap: Swap
    steps: tuple[Step, ...]
    gas: int
    exit_gas: int
    exit_data: int


class Planning:
    """Of one account. ``exit_gas``: gas units of the way out by (AMM, quote asset), asked of a venue once."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.exit_gas: dict[tuple[str, str], int] = {}

    def pool_coin(self, address: str) -> str:
        """The coin that stands for ``address`` inside pools: the wrapped coin for the native one."""
        return self.account.chain.wiring.wrapped_native if address == NATIVE else address

    def swap(
        self,
        wallet: str,
        venue: str,
        pool: Pool,
        token_in: str,
        token_out: str,
        amount_in: int,
        min_out: int,
        *,
        opens: bool,
    ) -> Swap:
        """The trade of a wallet through ``pool`` at the venue of that name; the tokens are addresses."""
        data = pool.venue_data(self.pool_coin(token_in))
        way = venue, pool.id, pool.amm, data
        return self._swap(wallet, *way, token_in, token_out, amount_in, min_out, opens=opens)

    def sale(self, position: Position, pool: Pool | None, amount: int, min_out: int) -> Swap:
        """The sale of a position in its pool, as that is now, or where it is not known, as it was at the purchase."""
        token, quote = split_asset(position.token)[1], split_asset(position.quote)[1]
        wallet = self.account.wallets.holding(position)
        if pool is not None:
            return self.swap(wallet, position.venue, pool, token, quote, amount, min_out, opens=False)
        way = position.venue, position.pool, position.amm, position.exit_data
        return self._swap(wallet, *way, token, quote, amount, min_out, opens=False)

    def _swap(
        self,
        wallet: str,
        venue: str,
        pool: str,
        amm: str,
        pool_data: int,
        token_in: str,
        token_out: str,
        amount_in: int,
        min_out: int,
        *,
        opens: bool,
    ) -> Swap:
        account = self.account
        chain_id, address = split_asset(pool)
        spender = account.allowances.spender(venue, chain_id, amm)
        return Swap(
            chain_id=chain_id,
            owner=wallet,
            token_in=token_in,
            token_out=token_out,
            pool=address,
            amm=amm,
            pool_data=pool_data,
            amount_in=amount_in,
            min_out=min_out,
            deadline=account.chain.timestamp + account.wiring.execution.deadline_s,
            allowance=account.allowances.expected(asset_id(chain_id, token_in), spender, wallet),
            opens=opens,
        )

    def plan(self, venue: str, swap: Swap) -> tuple[Step, ...]:
        """The venue's transactions for a swap. Raises whatever the plugin raises, and `PluginFault`."""
        return checked(self.account.kernel.wiring.venues[venue].plan(swap))

    def route(self, venue: OnChainVenue, swap: RouteSwap) -> tuple[Step, ...]:
        """As `plan`, for a route."""
        return checked(venue.plan_route(swap))

    def cost(self, steps: Sequence[Step], bid: FeeBid) -> int | None:
        """The most that transactions can cost, wei: their gas, and what a rollup takes for their data. None where that
        was not read yet."""
        data = self.data_cost(steps, bid)
        return None if data is None else sum(step.gas for step in steps) * bid.max_fee + data

    def data_cost(self, steps: Sequence[Step], bid: FeeBid) -> int | None:
        """Of `cost`, what a rollup takes for data: as gas, or beside it."""
        if self.account.chain.wiring.rollup is None:
            return 0
        if self.account.chain.data_fees is None:
            return None
        beside = sum(self.data_fee(step) for step in steps) * DATA_HEADROOM_BPS // BPS
        return sum(self.data_gas(step) for step in steps) * bid.max_fee + beside

    def data_gas(self, step: Step) -> int:
        """Gas that the limit of a transaction must hold for its data, beside the step's own."""
        fees = self.account.chain.data_fees
        return fees.gas(self._unsigned(step)) if fees is not None else 0

    def data_fee(self, step: Step) -> int:
        """What a rollup takes for a transaction beside its gas now, wei."""
        fees = self.account.chain.data_fees
        return fees.fee(self._unsigned(step), step.gas) if fees is not None else 0

    def _unsigned(self, step: Step) -> bytes:
        """About what will be signed."""
        return transaction(
            legacy=self.account.chain.wiring.legacy,
            chain_id=self.account.chain.id,
            nonce=NONCE,
            max_priority_fee=FEE,
            max_fee=FEE,
            gas=step.gas,
            to=step.to,
            value=step.value,
            data=step.data,
        ).payload()

    def stake(self, gain: int, steps: Sequence[Step]) -> Stake | None:
        """What a gain is worth to its transactions; ``gain``: quote asset, base units. None where no pool says it.
        What a rollup takes beside gas is no part of what may be bid."""
        account = self.account
        units, wei = worth(account.chain, account.chain.wiring.wrapped_native, self.pool_coin(account.wiring.quote))
        if not units:
            return None
        value = gain * wei // units - sum(self.data_fee(step) for step in steps)
        gas = sum(step.gas + self.data_gas(step) for step in steps)
        return Stake(account=account.name, value=max(0, value), gas=gas)

    def stake_of(self, order: Order) -> Stake | None:
        """What an order has at stake: that of an arbitrage is known, others are worth more than the next block."""
        placed = order.placed
        if placed.side != "arbitrage":
            return None
        return self.stake(placed.expected_out - placed.amount_in, placed.steps)

    def venues(self, named: str) -> dict[str, OnChainVenue]:
        """The venues that may be used: all, or the one that a strategy names."""
        venues = self.account.kernel.wiring.venues
        return {named: venues[named]} if named else venues

    def after_tax(self, token: str, amount: int, *, buying: bool) -> int:
        """``amount`` less the token's measured tax, base units."""
        taxes = self.account.book.taxes.get(token)
        tax = (taxes.buy_bps if buying else taxes.sell_bps) if taxes else None
        return amount * (BPS - min(BPS, max(0, tax or 0))) // BPS

    def entry_order(self, entry: Entry) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """The order for an entry on the present state, with all that it must reserve; None where a finding denies."""
        account = self.account
        rules = account.wiring.execution
        pool = account.kernel.market.pool(entry.pool)
        if pool is None:
            return (must("pool-known", False, note=entry.pool),), None
        pay = self.pool_coin(account.wiring.quote)
        try:
            out = pool.amount_out(pay, entry.amount)
        except Exception as error:  # NoLiquidity, or a fault of the plugin
            note = told(error)
            return (must("still-liquid", False, note=note, retry_after_s=5),), None
        floor = entry.expected_out * (BPS - rules.slippage_bps) // BPS
        still = at_least("quote-still-holds", out, floor, unit="base units", retry_after_s=2)
        net = self.after_tax(entry.token, out, buying=True)
        min_out = max(1, net * (BPS - rules.slippage_bps) // BPS, entry.min_out)
        part = account.book.pending[entry.intent].part
        if entry.min_out and still.ok:
            retry = None if part is None else 1  # a plan waits for its price
            still = at_least("brings", net, entry.min_out, unit="base units", retry_after_s=retry)
        try:
            bid = account.chain.bid(urgent=False, blocks_waited=0)
        except Exception as error:  # a plugin's code: what a transaction costs must be known before it is wanted
            account.kernel.report(f"the fee estimator of chain {pool.chain_id} makes no bid for {entry.intent}", error)
            return (still, must("fee-bid", False, note=told(error), retry_after_s=5)), None
        found, bought = self._bought(entry, pool, min_out, bid)
        findings: tuple[Finding, ...] = (still, found)
        if not still.ok or bought is None:
            return findings, None
        wallet, swap, steps, gas, exit_gas, exit_data = bought
        route = None
        if rules.routes and (proposals := account.book.pending[entry.intent].proposals):
            alone = Alone(pool, steps, rules.slippage_bps, max(1, entry.min_out))
            chosen, remark = account.routes.chosen(self.entry(entry, out, wallet), alone, bid, proposals)
            if chosen is not None:
                dearer = self.cost(chosen.steps, bid)
                if not account.wallets.fits(wallet, chosen.steps):
                    remark = not_routed("its wallet has too much on its way for one more approval")
                elif dearer is not None and self._enough(entry, wallet, dearer + exit_gas).ok:
                    route, out, min_out, steps, gas = chosen.route, chosen.out, chosen.min_out, chosen.steps, dearer
                else:
                    remark = not_routed("too little cash for the gas of the route")
            findings += (remark,)
        return findings, f.OrderPlaced(
            time=account.kernel.now,
            order=f"{entry.intent}.0",
            intent=entry.intent,
            instance=entry.instance,
            side="increase",
            chain_id=entry.chain_id,
            owner=wallet,
            token=entry.token,
            quote=entry.quote,
            pool=entry.pool,
            venue=entry.venue,
            amount_in=entry.amount,
            expected_out=out,
            min_out=min_out,
            cash=entry.amount,
            gas=gas,
            exit_gas=exit_gas,
            steps=steps,
            amm=pool.amm,
            pool_data=swap.pool_data,
            deadline=swap.deadline,
            exit_data=exit_data,
            route=route,
            part=part,
        )

    def _bought(self, entry: Entry, pool: Pool, min_out: int, bid: FeeBid) -> tuple[Finding, Purchase | None]:
        """How an entry goes through its pool out of the first of the usable wallets that can pay for it, its gas and
        that of the way out; and the finding about that. None where none can, or there is no plan."""
        account, found = self.account, self.account.wallets.free(False)
        pays, token = account.wiring.quote, split_asset(entry.token)[1]
        for wallet in account.wallets.affording(entry.token, entry.quote, entry.amount):
            try:
                swap = self.swap(wallet, entry.venue, pool, pays, token, entry.amount, min_out, opens=True)
                steps = self.plan(entry.venue, swap)
                exit_gas = self._cost_of_exit(wallet, entry.venue, pool, token, bid)
                exit_data = pool.venue_data(token)
            except Exception as error:  # a plugin's code: without a plan there is no entry
                account.kernel.report(f"venue {entry.venue} has no plan for {entry.intent}", error)
                return must("planned", False, note=told(error)), None
            gas = self.cost(steps, bid)
            if gas is None or exit_gas is None:
                return must("fee-bid", False, note=DATA_FEE, retry_after_s=5), None
            if not account.wallets.fits(wallet, steps):
                continue
            found = self._enough(entry, wallet, gas + exit_gas)
            if found.ok:
                return found, Purchase(wallet, swap, steps, gas, exit_gas, exit_data)
        return found, None

    def entry(self, entry: Entry, out: int, wallet: str) -> Trade:
        """An entry as it may go over a route. ``out``: what its pool gives, base units."""
        venue = self.account.instances[entry.instance].wiring.venue
        return Trade(entry.intent, venue, True, wallet, entry.token, entry.quote, entry.amount, out, entry)

    def reduction(self, position: Position, amount: int, out: int) -> Trade:
        """A sale as it may go over a route, by the venues of the strategy that bought, while that is in the config."""
        owner = self.account.instances.get(position.instance)
        venue = owner.wiring.venue if owner else position.venue
        judged = Entry(
            intent=f"{self.account.name}/{position.instance}/sale",
            account=self.account.name,
            instance=position.instance,
            chain_id=position.chain_id,
            token=position.token,
            quote=position.quote,
            pool=position.pool,
            venue=position.venue,
            amount=amount,
            expected_out=out,
            reason="",
            side="reduce",
        )
        name, wallet = f"the sale of {position.token}", self.account.wallets.holding(position)
        return Trade(name, venue, False, wallet, position.token, position.quote, amount, out, judged)

    def _enough(self, entry: Entry, wallet: str, gas: int) -> Finding:
        """Whether what a wallet has that is not reserved pays for an entry, its gas and that of the way out, wei."""
        book, native = self.account.book, asset_id(entry.chain_id, NATIVE)
        if entry.quote == native:
            return at_least("free-cash", book.free(native, wallet), entry.amount + gas, unit="wei")
        enough = at_least("free-cash", book.free(entry.quote, wallet), entry.amount, unit="base units")
        return at_least("free-gas", book.free(native, wallet), gas, unit="wei") if enough.ok else enough

    def _cost_of_exit(self, wallet: str, name: str, pool: Pool, token: str, bid: FeeBid) -> int | None:
        """The most that the way back can cost, wei: the approval at entry and a sale that approves again. None where
        it is not known."""
        if self.account.chain.wiring.rollup is not None:  # what its data take depends on the pool
            return self.cost(self._way_back(wallet, name, pool, token), bid)
        key = (pool.amm, self.account.wiring.quote)
        known = self.exit_gas.get(key)
        if known is None:
            known = self.exit_gas[key] = sum(step.gas for step in self._way_back(wallet, name, pool, token))
        return known * bid.max_fee

    def _way_back(self, wallet: str, name: str, pool: Pool, token: str) -> tuple[Step, ...]:
        venue = self.account.kernel.wiring.venues[name]
        sale = self.swap(wallet, name, pool, token, self.account.wiring.quote, AMOUNT, AMOUNT, opens=False)
        approval = venue.approve(pool.chain_id, pool.amm, token, AMOUNT, 0)
        return (*checked(approval), *self.plan(name, sale))


def checked(steps: object) -> tuple[Step, ...]:
    """Transactions that a venue planned. Raises `PluginFault` for what is none."""
    if type(steps) is not tuple:
        raise PluginFault(f"gave {steps!r:.200}; a plan is a tuple of Step")
    found = tuple(given(step, Step) for step in steps)
    for step in found:
        if step.purpose not in ("approve", "entry", "exit"):
            raise PluginFault(f"gave a step for {step.purpose!r}; a step is for approve, entry or exit")
        if grants(step):
            approved_amount(step)
    return found
