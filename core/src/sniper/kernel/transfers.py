"""Transfers to own wallets: at a person's word, and by itself what one has above a line, and gas for those that lack
it."""

from typing import TYPE_CHECKING, Final

from sniper.events import GasRead, Transfer
from sniper.evm.abi import function
from sniper.kernel import facts as f
from sniper.kernel.asks import ReadGas
from sniper.kernel.book import GAS, Order
from sniper.kernel.entries import KERNEL, describe
from sniper.kernel.planning import DATA_FEE
from sniper.kernel.wiring import TreasuryWiring
from sniper.risk import Finding, at_least, must
from sniper.types import DAY, NATIVE, SECOND, KillLevel, Step, asset_id, split_asset

if TYPE_CHECKING:
    from sniper.kernel.account import Account

TREASURY: Final = "treasury"
"""Stands where the ids of trades name a strategy."""
TRANSFER: Final = function("transfer(address,uint256)")
NATIVE_GAS: Final = 100_000
"""Gas limit: a wallet may be a contract that notes what it receives, such as a Safe."""
TOKEN_GAS: Final = 150_000
PATIENCE: Final = 3_600 * SECOND
"""Between a transfer that came to nothing and the next sweep, ns."""


class Transfers:
    """Of one account: of the chain's coin and of what it pays with, to the wallets that its config names. What comes to
    one of its own counts once that is read."""

    def __init__(self, account: "Account") -> None:
        self.account = account

    def ordered(self, event: Transfer) -> None:
        """A person wants something sent."""
        wallet = event.wallet or self._sender(event.asset, event.to)
        self._place(event.asset, event.reason, *self._order(wallet, event.asset, event.to, event.amount))

    def block(self) -> None:
        """A new head: sweep, where nothing is on its way, and not again before the last transfer is final, nor soon
        after one that came to nothing: what the signer refused once it refuses again. What cannot be sent now is tried
        with the next block, and is no news."""
        account, rules = self.account, self.account.wiring.treasury
        if rules is None:
            return
        if rules.gas is not None:
            self._look(rules.gas.to)
        if not rules.sweep_above or account.book.orders:
            return
        if account.book.unsent and account.kernel.now < account.book.unsent + PATIENCE:
            return
        sent = {order.placed.owner for order in account.book.ended.values() if order.placed.side == "transfer"}
        for wallet in account.wallets.addresses:
            if wallet not in sent and wallet != rules.to[0]:
                self._sweep(wallet, rules)

    def _sweep(self, wallet: str, rules: TreasuryWiring) -> None:
        account = self.account
        free = account.book.free(account.quote, wallet)
        if free <= rules.sweep_above:
            return
        left = rules.keep
        if account.quote.endswith(NATIVE):  # which pays for the gas, too
            left = max(left, self._gas(self._step(account.quote, rules.to[0], free)) or 0)
        findings, order = self._order(wallet, account.quote, rules.to[0], free - left)
        if order is not None:
            self._place(account.quote, f"more than {rules.sweep_above} is free", findings, order)

    def _look(self, wallets: tuple[str, ...]) -> None:
        """Read from time to time what wallets have that are given gas. The chain says it, not the books of another
        account: those may be another process's, and know of what arrives only later."""
        account = self.account
        if account.chain.number % account.wiring.execution.read_wallet_blocks or not account.kernel.wiring.signs:
            return
        if any(isinstance(ask.body, ReadGas) for ask in account.book.asks.values()):
            return
        account.ask(
            f"{account.name}?gas-{account.book.asks_made}",
            ReadGas(chain_id=account.chain.id, wallets=wallets, block=account.chain.number),
            account.wiring.execution.read_deadline,
        )

    def gas_read(self, event: GasRead) -> None:
        """Give gas to the first wallet that lacks it: one transfer at a time, and none to a wallet before what it was
        given last is in a block that was read."""
        account = self.account
        body, rules = account.close_ask(event.ask), account.wiring.treasury
        if not isinstance(body, ReadGas) or rules is None or rules.gas is None:
            return
        if any(order.placed.side == "transfer" for order in account.book.orders.values()):
            return
        if account.book.unsent and account.kernel.now < account.book.unsent + PATIENCE:
            return
        gas, native = rules.gas, asset_id(account.chain.id, NATIVE)
        for wallet, held in event.balances:
            before = [given for given in account.book.given if given.to == wallet]
            if wallet not in gas.to or held >= gas.floor or (before and before[-1].block > event.block):
                continue
            today = sum(given.amount for given in before if given.time > account.kernel.now - DAY)
            amount = min(gas.ceiling - held, gas.per_day - today)
            findings, order = self._order(self._sender(native, wallet), native, wallet, amount, instance=GAS)
            if order is not None:
                self._place(native, f"{wallet} has {held} wei, less than {gas.floor}", findings, order, instance=GAS)
                return

    def own(self, order: Order) -> str:
        """The wallet of this account that a transfer goes to; empty where it goes elsewhere."""
        to = receiver(order.placed)
        return to if to in self.account.wallets.addresses else ""

    def _sender(self, asset: str, to: str) -> str:
        """The wallet that has most of an asset free, of those that it does not go to."""
        wallets = self.account.wallets
        others = [wallet for wallet in wallets.addresses if wallet != to]
        return wallets.richest(others or [to], asset)[0]

    def _place(
        self,
        asset: str,
        reason: str,
        findings: tuple[Finding, ...],
        order: f.OrderPlaced | None,
        *,
        instance: str = TREASURY,
    ) -> None:
        account, now, intent = self.account, self.account.kernel.now, self._intent(instance)
        account.emit(
            f.IntentFormed(
                time=now,
                intent=intent,
                instance=instance,
                side="transfer",
                token=asset,
                reason=reason,
                cause=describe(account.kernel.cause),
            )
        )
        account.emit(f.Judged(time=now, intent=intent, check=KERNEL, findings=findings))
        denied = next((f"{KERNEL}.{finding.rule}" for finding in findings if not finding.ok), "")
        account.emit(f.Verdict(time=now, intent=intent, allowed=order is not None, rule=denied))
        if order is not None:
            account.emit(order)
            account.execution.advance(account.book.orders[order.order])

    def _intent(self, instance: str) -> str:
        """Id of the next one."""
        return f"{self.account.name}/{instance}/{self.account.book.intents + 1}"

    def _gates(self, wallet: str) -> tuple[Finding, ...]:
        """What must hold of the account and of the wallet that sends, whatever is sent."""
        account = self.account
        sender = account.book.sender(account.chain.id, wallet)
        return (
            must("sends", account.kernel.wiring.signs, note="" if account.kernel.wiring.signs else "trades are played"),
            must("not-frozen", account.book.kill != KillLevel.FREEZE, note=account.book.kill),
            must("not-halted", not account.book.halted, note=account.book.halted),
            must("wallet-read", sender.known),
        )

    def _step(self, asset: str, to: str, amount: int) -> Step:
        token = split_asset(asset)[1]
        if token == NATIVE:
            return Step(purpose="transfer", to=to, data=b"", value=amount, gas=NATIVE_GAS)
        return Step(purpose="transfer", to=token, data=TRANSFER.encode(to, amount), value=0, gas=TOKEN_GAS)

    def _gas(self, step: Step) -> int | None:
        """The most that it can cost, wei; None where that is not known."""
        bid = self.account.execution.attempts.bid(urgent=False, blocks_waited=0)
        return self.account.planning.cost((step,), bid)

    def _order(
        self, wallet: str, asset: str, to: str, amount: int, *, instance: str = TREASURY
    ) -> tuple[tuple[Finding, ...], f.OrderPlaced | None]:
        """What the kernel finds about a transfer, and the order where it finds nothing against it."""
        account, chain = self.account, self.account.chain
        rules, native, own = account.wiring.treasury, asset_id(chain.id, NATIVE), account.wallets.addresses
        named = () if rules is None else rules.gas.to if rules.gas and instance == GAS else rules.to
        allowed = named if instance == GAS else (*named, *own)
        findings = (
            *self._gates(wallet),
            must("own-wallet", to in allowed and to != wallet and wallet in own, note=to if wallet in own else wallet),
            must("own-asset", asset in (native, account.quote), note=asset),
            at_least("amount", amount, 1, unit="base units"),
        )
        if not all(finding.ok for finding in findings):
            return findings, None
        step = self._step(asset, to, amount)
        gas = self._gas(step)
        if gas is None:
            return (*findings, must("fee-bid", False, note=DATA_FEE)), None
        paid = amount + gas if asset == native else amount
        findings += (at_least("free-cash", account.book.free(asset, wallet), paid, unit="base units"),)
        if asset != native:
            findings += (at_least("free-gas", account.book.free(native, wallet), gas, unit="wei"),)
        if not all(finding.ok for finding in findings):
            return findings, None
        return findings, f.OrderPlaced(
            time=account.kernel.now,
            order=f"{self._intent(instance)}.0",
            intent=self._intent(instance),
            instance=instance,
            side="transfer",
            chain_id=chain.id,
            owner=wallet,
            token=asset,
            quote=asset,
            pool="",
            venue="",
            amount_in=amount,
            expected_out=0,
            min_out=0,
            cash=amount,
            gas=gas,
            exit_gas=0,
            steps=(step,),
        )


def receiver(placed: f.OrderPlaced) -> str:
    """Where a transfer goes."""
    step = placed.steps[0]
    return str(TRANSFER.decode_call(step.data)[0]) if step.data else step.to
