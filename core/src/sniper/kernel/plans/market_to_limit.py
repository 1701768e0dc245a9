"""At the best price at once, and what is left as a limit order there."""

from collections.abc import Iterator

from sniper.kernel.plans.memory import Memory
from sniper.kernel.plans.rule import Heard, OnWay, Sight, Want
from sniper.kernel.plans.single import Single
from sniper.order_types import MarketToLimit

NOW, REST = "now", "rest"


class MarketToLimitRule(Single[MarketToLimit]):
    """Remembers in ``price`` the best one of the other side when it began; where none was known, the first that was."""

    def begun(self, sight: Sight) -> Memory:
        return Memory(price=sight.to_buy() if self.spec.side == "buy" else sight.to_sell())

    def heard(self, heard: Heard, sight: Sight) -> Memory | None:
        begun = self.begun(sight)
        return begun if begun.price and not self.plan.memory.price else None

    def wants(self, on_way: OnWay) -> Iterator[Want]:
        price = self.plan.memory.price
        if not price:
            return
        now = self.plan.legs.get(NOW)
        if now is None or now.working:
            yield Want(NOW, self.spec.side, self.left(""), price, lives="ioc")
        else:
            yield Want(REST, self.spec.side, self.left(""), now.price or price)
