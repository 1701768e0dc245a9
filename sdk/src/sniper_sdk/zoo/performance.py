"""Plays a specimen's story to a fresh buyer on a dev chain, and finds where it is not as told."""

from collections.abc import Callable

from sniper.errors import CallReverted, SniperError
from sniper_sdk.devchain import Account, Receipt, calldata
from sniper_sdk.zoo.story import Act, Ending, Line
from sniper_sdk.zoo.token import ETHER, ZooToken

HONEST_TAKES = 10
"""Percent: what may be missing of a trade that ends as promised."""

HONEST_BURNS = 1_000_000
"""Gas: what a sale that ends as promised may use."""


class NotAsTold(SniperError, AssertionError):
    """A specimen did something else than its story says."""

    code = "zoo-story-untrue"


def perform(token: ZooToken, spent: int = ETHER // 10) -> None:
    """Play every line, each purchase for `spent` wei; raises `NotAsTold` at the first that is not so.

    A sale is compared with what the pool's formula promises for what is sold, without a price impact of others.
    """
    performance = _Performance(token, spent)
    for line in token.specimen.lines:
        performance.play(line)


class _Performance:
    def __init__(self, token: ZooToken, spent: int) -> None:
        self._token = token
        self._chain = token.chain
        self._pool = token.pools[0]
        self._spent = spent
        self._bought = 0
        self._others = 0
        self._buyer = self._person("buyer")
        self._acts: dict[Act, Callable[[Line], None]] = {
            Act.BUY: self._buy,
            Act.SELL: self._sell,
            Act.DEED: self._deed,
            Act.WAIT_BLOCKS: lambda line: self._chain.mine(line.amount),
            Act.WAIT_SECONDS: self._wait_seconds,
            Act.OTHERS_BUY: lambda line: self._others_trade(line, selling=False),
            Act.OTHERS_SELL: lambda line: self._others_trade(line, selling=True),
            Act.OWNER_SELLS: self._owner_sells,
            Act.HOLDING_SHRINKS: self._holding_shrinks,
            Act.SUPPLY_GROWS: self._supply_grows,
            Act.OWNER_GROWS: self._owner_grows,
            Act.POOL_DRAINED: self._pool_drained,
        }

    def play(self, line: Line) -> None:
        self._acts[line.act](line)

    def _buy(self, line: Line) -> None:
        promised = self._promised(self._spent, buying=True)
        before = self._token.holding(self._buyer.address)
        receipt = self._try(line, lambda: self._token.buy(self._buyer, self._spent))
        if receipt is not None:
            gained = self._token.holding(self._buyer.address) - before
            self._compare(line, promised, gained, receipt)
            self._bought += gained

    def _sell(self, line: Line) -> None:
        amount = self._token.holding(self._buyer.address) * line.share // 100
        promised = self._promised(amount, buying=False)
        before = self._pool_wei()
        receipt = self._try(line, lambda: self._token.sell(self._buyer, amount))
        if receipt is not None:
            self._compare(line, promised, before - self._pool_wei(), receipt)

    def _deed(self, line: Line) -> None:
        for deed in self._token.specimen.deeds:
            try:
                self._token.do(deed, self._buyer.address)
            except CallReverted as error:
                if line.ending is not Ending.FAILS:
                    raise self._untrue(f"the owner's {deed.call or 'removal'} failed: {error}") from error
                continue
            if line.ending is Ending.FAILS:
                raise self._untrue(f"the owner's {deed.call or 'removal'} did not fail")

    def _wait_seconds(self, line: Line) -> None:
        self._chain.rpc.call("evm_setNextBlockTimestamp", self._chain.timestamp() + line.amount)
        self._chain.mine()

    def _others_trade(self, line: Line, *, selling: bool) -> None:
        for _ in range(line.amount):
            self._others += 1
            other = self._person(f"other {self._others}")
            self._token.buy(other, self._spent // 10)
            if selling:
                self._token.sell(other, self._token.holding(other.address))

    def _owner_sells(self, line: Line) -> None:
        owner = self._token.owner
        self._try(line, lambda: self._token.sell(owner, self._token.holding(owner.address)))

    def _holding_shrinks(self, line: Line) -> None:
        left = self._token.holding(self._buyer.address)
        if left * 2 >= self._bought:
            raise self._untrue(f"the buyer still has {left} of {self._bought}")

    def _supply_grows(self, line: Line) -> None:
        supply = int.from_bytes(self._chain.call(self._token.address, calldata("totalSupply()")), "big")
        if supply < 2 * self._token.supply:
            raise self._untrue(f"the supply was {self._token.supply} and is {supply}")

    def _owner_grows(self, line: Line) -> None:
        held = self._token.holding(self._token.owner.address)
        if held < self._token.supply:
            raise self._untrue(f"the owner has no more than {held} of {self._token.supply}")

    def _pool_drained(self, line: Line) -> None:
        left = self._pool_wei()
        if left * 10 >= self._token.liquidity:
            raise self._untrue(f"{left} wei of {self._token.liquidity} are left in the pool")

    def _pool_wei(self) -> int:
        return self._chain.token_balance(self._chain.addresses.weth, self._pool.address)

    def _try(self, line: Line, trade: Callable[[], Receipt]) -> Receipt | None:
        """None where it failed as told."""
        try:
            receipt = trade()
        except CallReverted as error:
            if line.ending is Ending.FAILS:
                return None
            raise self._untrue(f"the {line.act} reverted: {error}") from error
        if line.ending is Ending.FAILS:
            raise self._untrue(f"the {line.act} did not fail")
        return receipt

    def _compare(self, line: Line, promised: int, got: int, receipt: Receipt) -> None:
        taken = (promised - got) * 100 // promised
        if line.ending is Ending.TAKES:
            if taken < line.amount:
                raise self._untrue(f"the {line.act} took {taken}%, not {line.amount}%")
            return
        if taken > HONEST_TAKES:
            raise self._untrue(f"the {line.act} took {taken}%")
        least, most = (line.amount, None) if line.ending is Ending.BURNS else (0, HONEST_BURNS)
        if receipt.gas_used < least or (most is not None and receipt.gas_used > most):
            raise self._untrue(f"the {line.act} used {receipt.gas_used} gas")

    def _promised(self, amount: int, *, buying: bool) -> int:
        """What a pool with a fee of 0.3% gives for an amount: out = r₂·997a / (1000·r₁ + 997a) (UniswapV2Library)."""
        tokens, wei = self._pool.reserves(self._chain)
        given, wanted = (wei, tokens) if buying else (tokens, wei)
        if given == 0 or amount == 0:
            return 1  # nothing is promised; what is got is not compared with nothing
        return max(1, wanted * 997 * amount // (1000 * given + 997 * amount))

    def _person(self, role: str) -> Account:
        person = Account.named(f"zoo {role} of {self._token.specimen.name}")
        self._chain.fund(person.address, 100 * ETHER)
        return person

    def _untrue(self, what: str) -> NotAsTold:
        story = ", ".join(self._token.specimen.story)
        return NotAsTold(f"{self._token.specimen.name} ({story}): {what}; correct index.toml or the contract")
