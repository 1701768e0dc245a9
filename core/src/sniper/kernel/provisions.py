"""From liquidity that a strategy wants put into a range to an order: judged as an entry is. See docs/liquidity.md."""

from typing import TYPE_CHECKING, NamedTuple

from sniper.amm import NoLiquidity
from sniper.errors import told
from sniper.kernel import facts as f
from sniper.kernel.entries import KERNEL, Denials, describe
from sniper.kernel.given import given_amount, given_spender
from sniper.kernel.planning import DATA_FEE, checked
from sniper.kernel.pool import Pool
from sniper.kernel.range_worth import worth
from sniper.risk import Finding, at_least, must
from sniper.types import NATIVE, Entry, FeeBid, Provide, RangeAsked, Step, asset_id, split_asset
from sniper.venue import Provision, Removal

if TYPE_CHECKING:
    from sniper.kernel.account import Account
    from sniper.kernel.instances import Instance

ANY_POSITION = 2**63
"""Stands for the number of a position that is not made yet, where its withdrawal is priced."""


class _Refused(Exception):  # no error: a finding that denies
    """``finding``: why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.note)
        self.finding = finding


class _Planned(NamedTuple):
    """Liquidity that could be put in now. ``gas``, ``exit_gas``: of its transactions and of the way out, wei."""

    provision: Provision
    liquidity: int
    spender: str
    steps: tuple[Step, ...]
    gas: int
    exit_gas: int


class Provisions:
    """Of one account."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def form(self, instance: "Instance", intent: Provide) -> None:
        """A strategy wants liquidity put into a range. Ends in a Deny, in probes that are out, or in an order."""
        account, entries = self.account, self.account.entries
        pool = account.kernel.market.pool(intent.pool)
        token = self._token(pool)
        intent_id = f"{account.name}/{instance.name}/{account.book.intents + 1}"
        account.emit(
            f.IntentFormed(
                time=account.kernel.now,
                intent=intent_id,
                instance=instance.name,
                side="provide",
                token=token or account.quote,
                reason=intent.reason,
                cause=describe(account.kernel.cause),
            )
        )
        denials = Denials()
        gates = (
            must("of-quote-asset", bool(token), note=intent.pool, retry_after_s=5),
            *entries.gates(instance.name, token or account.quote),
        )
        entries.judged(intent_id, KERNEL, gates, denials)
        entry = None
        if pool is not None and not denials.rule:
            try:
                entry = self._entry(instance, intent_id, intent, pool, token)
            except _Refused as refused:
                entries.judged(intent_id, KERNEL, (refused.finding,), denials)
        if entry is None:
            entries.deny(intent_id, instance.name, token or account.quote, denials)
        else:
            account.emit(f.EntrySized(time=account.kernel.now, entry=entry))
            entries.judge(entry, denials, routed=False)

    def order(self, entry: Entry) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """The order for an entry of liquidity on the present state; None where a finding denies."""
        account = self.account
        pool = account.kernel.market.pool(entry.pool)
        asked = entry.range
        if pool is None or asked is None:
            return (must("pool-known", False, note=entry.pool),), None
        try:
            planned = self._planned(entry.instance, entry.intent, entry.venue, pool, entry.token, asked)
        except _Refused as refused:
            return (refused.finding,), None
        provision, quote = planned.provision, split_asset(entry.quote)[1]
        paid = provision.amounts[provision.coins.index(account.planning.pool_coin(quote))]
        found = at_least("liquidity", planned.liquidity, 1, unit="liquidity")
        return (found,), f.OrderPlaced(
            time=account.kernel.now,
            order=f"{entry.intent}.0",
            intent=entry.intent,
            instance=entry.instance,
            side="provide",
            chain_id=entry.chain_id,
            owner=provision.owner,
            token=entry.token,
            quote=entry.quote,
            pool=entry.pool,
            venue=entry.venue,
            amount_in=paid,
            expected_out=0,
            min_out=0,
            cash=paid,
            gas=planned.gas,
            exit_gas=planned.exit_gas,
            steps=planned.steps,
            amm=pool.amm,
            pool_data=provision.pool_data,
            deadline=provision.deadline,
            exit_data=pool.venue_data(split_asset(entry.token)[1]),
            range=f.PlacedRange(
                range=entry.intent,
                lower=provision.lower,
                upper=provision.upper,
                spender=planned.spender,
                coins=provision.coins,
                amounts=provision.amounts,
                least=provision.least,
                liquidity=planned.liquidity,
            ),
        )

    def _token(self, pool: Pool | None) -> str:
        """The token that a pool trades against what the account pays with; empty where it does not."""
        account = self.account
        coin = account.planning.pool_coin(account.wiring.quote)
        if pool is None or pool.chain_id != account.chain.id or coin not in pool.coins or len(pool.coins) != 2:
            return ""
        return asset_id(pool.chain_id, pool.coins[1 - pool.coins.index(coin)])

    def _entry(self, instance: "Instance", intent_id: str, intent: Provide, pool: Pool, token: str) -> Entry:
        account = self.account
        asked = RangeAsked(
            lower=intent.lower,
            upper=intent.upper,
            max_quote=2**255 if intent.max_quote is None else intent.max_quote,
            max_token=2**255 if intent.max_token is None else intent.max_token,
        )
        venue = self._venue(instance, pool)
        planned = self._planned(instance.name, intent_id, venue, pool, token, asked)
        address = split_asset(token)[1]
        i = pool.coins.index(address)
        amounts = planned.provision.amounts
        amount = amounts[1 - i] + (worth(pool, address, amounts[i]) or 0)
        try:
            out = pool.amount_out(pool.coins[1 - i], amount)
        except Exception as error:  # NoLiquidity, or a fault of the plugin
            raise _Refused(must("still-liquid", False, note=told(error), retry_after_s=5)) from error
        return Entry(
            intent=intent_id,
            account=account.name,
            instance=instance.name,
            chain_id=account.chain.id,
            token=token,
            quote=account.quote,
            pool=pool.id,
            venue=venue,
            amount=amount,
            expected_out=out,
            reason=intent.reason,
            range=asked,
        )

    def _venue(self, instance: "Instance", pool: Pool) -> str:
        """The first that puts liquidity into such pools."""
        account = self.account
        for name, venue in account.planning.venues(instance.wiring.venue).items():
            try:
                if venue.serves_liquidity(pool.chain_id, pool.amm):
                    return name
            except Exception as error:  # a plugin's code: what does not say that it serves does not
                account.kernel.report(f"venue {name} does not say whether it puts liquidity into {pool.amm}", error)
        raise _Refused(must("venue", False, note=f"no venue puts liquidity into {pool.amm} pools"))

    def _planned(self, instance: str, range_id: str, venue: str, pool: Pool, token: str, asked: RangeAsked) -> _Planned:
        """What the wallet that has most can put in, and the instance may at its stage, beside gas: or `_Refused`."""
        account, book = self.account, self.account.book
        native = asset_id(pool.chain_id, NATIVE)
        taxes = book.taxes.get(token)
        if taxes is not None and (taxes.buy_bps or taxes.sell_bps):
            raise _Refused(must("no-tax", False, note="a V3 pool takes no token that keeps a part of what is moved"))
        usable = account.wallets.richest(account.wallets.usable(token), account.quote)
        if not usable:
            raise _Refused(account.wallets.free(False))
        (wallet,) = usable
        position = book.positions.get(token)
        held = position.amount if position is not None and position.state == "open" else 0
        free = book.free(account.quote, wallet)
        try:
            bid = account.chain.bid(urgent=False, blocks_waited=0)
            bounds = max(0, min(free, asked.max_quote)), min(held, asked.max_token)
            most = account.stages.scaled(instance, bounds[0]), account.stages.scaled(instance, bounds[1])
            planned = self._plan(range_id, venue, pool, token, wallet, asked, most, bid)
            short = most[0] + planned.gas + planned.exit_gas - free
            if account.quote == native and short > 0:
                most = (max(0, most[0] - short), most[1])
                planned = self._plan(range_id, venue, pool, token, wallet, asked, most, bid)
        except _Refused:
            raise
        except NoLiquidity as error:
            raise _Refused(must("priced", False, note=str(error), retry_after_s=5)) from error
        except Exception as error:  # a plugin's code: without a plan nothing is put in
            account.kernel.report(f"venue {venue} has no plan for {range_id}", error)
            raise _Refused(must("planned", False, note=told(error))) from error
        gas = planned.gas + planned.exit_gas
        if account.quote != native and book.free(native, wallet) < gas:
            raise _Refused(at_least("free-gas", book.free(native, wallet), gas, unit="wei"))
        if not account.wallets.fits(wallet, planned.steps):
            raise _Refused(account.wallets.free(False))
        return planned

    def _plan(
        self,
        range_id: str,
        venue_name: str,
        pool: Pool,
        token: str,
        wallet: str,
        asked: RangeAsked,
        most: tuple[int, int],
        bid: FeeBid,
    ) -> _Planned:
        """``most``: of the quote asset and of the token. Raises `_Refused`, and what plugins raise."""
        account = self.account
        venue, quote = account.kernel.wiring.venues[venue_name], account.wiring.quote
        i = pool.coins.index(split_asset(token)[1])
        bounds = (asked.lower, asked.upper)
        _, spacing = pool.impl.place()
        if asked.lower >= asked.upper or asked.lower % spacing or asked.upper % spacing:
            note = f"{asked.lower} … {asked.upper} at a spacing of {spacing}"
            raise _Refused(must("ticks", False, note=note))
        pair = (most[1], most[0]) if i == 0 else most
        liquidity = given_amount(pool.impl.range_liquidity(*bounds, *pair))
        if not liquidity:
            note = f"{most[0]} of the quote asset and {most[1]} of the token"
            raise _Refused(must("amounts", False, note=f"{note} make no liquidity there", retry_after_s=5))
        first, second = pool.impl.range_amounts(*bounds, liquidity, up=True)
        amounts = given_amount(first), given_amount(second)
        slippage = account.wiring.execution.slippage_bps
        least = pool.impl.range_taken(*bounds, *amounts, slippage)
        spender = given_spender(venue.liquidity_spender(pool.chain_id))
        coins = (pool.coins[0], pool.coins[1])
        provision = Provision(
            range=range_id,
            chain_id=pool.chain_id,
            owner=wallet,
            pool=pool.address,
            amm=pool.amm,
            pool_data=pool.venue_data(coins[0]),
            quote=quote,
            coins=coins,
            amounts=amounts,
            least=(given_amount(least[0]), given_amount(least[1])),
            lower=asked.lower,
            upper=asked.upper,
            native=quote == NATIVE,
            allowances=(self._allowed(coins[0], spender, wallet), self._allowed(coins[1], spender, wallet)),
            deadline=account.chain.timestamp + account.wiring.execution.deadline_s,
        )
        steps = checked(venue.provide(provision))
        out = Removal(
            range=range_id,
            chain_id=pool.chain_id,
            owner=wallet,
            pool=pool.address,
            amm=pool.amm,
            quote=quote,
            coins=coins,
            position=ANY_POSITION,
            liquidity=liquidity,
            lower=asked.lower,
            upper=asked.upper,
            least=amounts,
            native=provision.native,
            ends=True,
            deadline=provision.deadline,
        )
        gas, exit_gas = (account.planning.cost(each, bid) for each in (steps, checked(venue.remove(out))))
        if gas is None or exit_gas is None:
            raise _Refused(must("fee-bid", False, note=DATA_FEE, retry_after_s=5))
        return _Planned(provision, liquidity, spender, steps, gas, exit_gas)

    def _allowed(self, coin: str, spender: str, wallet: str) -> int:
        return self.account.allowances.expected(asset_id(self.account.chain.id, coin), spender, wallet)
