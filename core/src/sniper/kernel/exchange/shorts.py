"""What was sold short, as an exit sees it: as if as much had been bought at the mirrored price."""

from sniper.kernel.book import Position


class Short:
    """`sniper.view.Position` of what was sold short: ``amount`` and ``cost`` above zero.

    With what `mirrored` says that it is worth, an exit decides at each price as if it had been bought, at the price as
    far on the other side of the entry.
    """

    __slots__ = ("_position",)

    def __init__(self, position: Position) -> None:
        self._position = position

    @property
    def token(self) -> str:
        return self._position.token

    @property
    def pool(self) -> str:
        return self._position.pool

    @property
    def quote(self) -> str:
        return self._position.quote

    @property
    def instance(self) -> str:
        return self._position.instance

    @property
    def venue(self) -> str:
        return self._position.venue

    @property
    def amount(self) -> int:
        return -self._position.amount

    @property
    def cost(self) -> int:
        return -self._position.cost

    @property
    def opened_at(self) -> int:
        return self._position.opened_at

    @property
    def opened_block(self) -> int:
        return self._position.opened_block

    @property
    def state(self) -> str:
        return self._position.state


def mirrored(worth: int, cost: int) -> int:
    """The cost of what was sold short and what it has gained since, which is below zero once the price has more than
    doubled. ``worth`` and ``cost``: of the position, both below zero; base units of the quote asset."""
    return worth - 2 * cost
