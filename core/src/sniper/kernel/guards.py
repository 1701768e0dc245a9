"""A guard: the exits of one position, what it is worth to them, and the sale that they want."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from sniper.amm import NoLiquidity, Unpriced
from sniper.exit import Exit, Sell
from sniper.kernel.book import Position
from sniper.kernel.given import given_amount
from sniper.kernel.pool import Pool
from sniper.kernel.wiring import ExitWiring
from sniper.strategy import handlers_of
from sniper.types import BPS, split_asset
from sniper.view import Position as Shown

if TYPE_CHECKING:
    from sniper.kernel.account import Account

UNKNOWN = "its pool is not known"


_handlers = cache(handlers_of)
"""A guard is made with each fill, and the classes of exits do not change."""


class Guard:
    """The exits of one position. ``pool`` is None while its pool is not known: nothing tells then what it is worth.
    ``pending`` is a sale that was decided and is not done; it is tried again at ``next_block``."""

    __slots__ = (
        "_coin", "_valued", "_worth", "account", "exits", "handlers", "next_block", "pending", "pool", "position",
        "simulates", "without",
    )  # fmt: skip

    def __init__(self, account: "Account", position: Position, wirings: tuple[ExitWiring, ...]) -> None:
        self.account = account
        self.position = position
        self.pool: Pool | None = None
        self.without = UNKNOWN
        """Why there is no pool, where there is none."""
        self._coin = 0
        self._valued: tuple[int, int] | None = None
        """The pool's changes and the amount for which ``_worth`` holds."""
        self._worth: int | None = None
        self.exits: tuple[tuple[str, Exit], ...] = tuple(self._made(wirings))
        self.handlers = {name: _handlers(type(exit_)) for name, exit_ in self.exits}
        self.simulates = any(w.simulates_sales for w in wirings)
        self.pending: Sell | None = None
        self.next_block = 0

    def _made(self, wirings: tuple[ExitWiring, ...]) -> Iterator[tuple[str, Exit]]:
        for w in wirings:
            try:
                yield w.name, w.exit(config=w.config)  # type: ignore[call-arg]  # every exit declares it
            except Exception as error:  # a plugin's code: the other exits guard without it
                self.account.kernel.report(f"exit {w.name} cannot guard {self.position.token}", error)

    @property
    def guarded(self) -> bool:
        """Whether anything tells what the position is worth."""
        return self.pool is not None

    @property
    def waits(self) -> bool:
        """Whether its exits are asked although a sale is wanted already."""
        return False

    @property
    def shown(self) -> Shown:
        """The position as its exits see it."""
        return self.position

    def worth(self) -> int | None:
        """What exits are told that it is worth now: see `sniper.exit.Exit.valued`; None where nothing tells."""
        return None if self.pool is None else self.value(self.pool)

    def follow(self, pool: Pool | None) -> None:
        """Value the position in this pool from now on, or in none; one without the position's token counts as none."""
        token = self.position.token.partition(":")[2]
        if self.pool is not None:
            self.pool.watchers.remove(self)
        self.pool = pool if pool is not None and token in pool.coins else None
        self._valued = None
        if self.pool is not None:
            self._coin = self.pool.coins.index(token)
            self.pool.watchers.append(self)

    def lose(self, reason: str) -> None:
        """The market has forgotten its pool; see `sniper.kernel.exits.Exits.review`."""
        self.follow(None)
        self.without = reason

    def value(self, pool: Pool) -> int | None:
        """What selling all of it would bring now, after tax: quote asset, base units; 0 where the pool is dry, None
        where its AMM cannot say."""
        position, account = self.position, self.account
        amount = position.amount
        if position.token in account.book.taxes:
            amount = account.planning.after_tax(position.token, amount, buying=False)
        now = pool.changes, amount
        if now != self._valued:
            self._worth, self._valued = self._priced(pool, amount), now
        return self._worth

    def _priced(self, pool: Pool, amount: int) -> int | None:
        coin = self._coin
        try:
            return given_amount(pool.impl.amount_out(coin, 1 - coin, amount))
        except Unpriced:
            return None
        except NoLiquidity:
            return 0
        except Exception as error:  # a plugin's code: that it fails says nothing about the position
            self.account.kernel.report(f"amm {pool.amm} cannot price pool {pool.id}", error)
            return None

    def quote(self, amount: int) -> int:
        """What the position's pool, which is known, gives for so much of it after tax, quote base units. Raises what
        its AMM raises: `NoLiquidity`, `Unpriced`."""
        pool, token = self.pool, self.position.token
        assert pool is not None
        return pool.amount_out(split_asset(token)[1], self.account.planning.after_tax(token, amount, buying=False))

    def share(self, sell: Sell) -> int:
        """How much of the position a sale takes, base units."""
        amount = self.position.amount
        return amount if sell.share_bps >= BPS else amount * sell.share_bps // BPS
