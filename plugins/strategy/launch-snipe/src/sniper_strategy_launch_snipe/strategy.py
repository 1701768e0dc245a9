"""Buys fresh tokens as soon as their pool is deep enough and trades."""

from typing import Final

from sniper.amounts import in_coins
from sniper.events import (
    EntryDenied,
    EntryDue,
    LiquidityAdded,
    LiquidityRemoved,
    PoolCreated,
    PositionOpened,
    Retracted,
    TimerFired,
    TokenDescribed,
    TradingEnabled,
)
from sniper.strategy import Actions, Open, SetTimer, Strategy, View, on
from sniper.types import NATIVE, SECOND, asset_id, place_of, split_asset
from sniper.view import PoolView
from sniper_strategy_launch_snipe.config import LaunchSnipeConfig
from sniper_strategy_launch_snipe.launch import Launch, deployer_passes, is_wanted, pair_coin

REMEMBERED: Final = 4096
"""Tokens whose entry is remembered. Older ones are no launches any more by their age."""


class LaunchSnipe(Strategy):
    """Follows each launch from its first liquidity until it is bought, denied for good, or its patience ends.

    launches  What is followed, by asset id; at most ``max_followed``.
    entered   When each token was bought, ns UTC, by asset id.
    begun     By chain id: the newest block in which launches were tried for the first time, and how many.
    """

    config: LaunchSnipeConfig
    launches: dict[str, Launch] = {}
    entered: dict[str, int] = {}
    begun: dict[int, tuple[int, int]] = {}

    @on(PoolCreated)
    def created(self, event: PoolCreated, view: View) -> Actions:
        """Pools that are born with liquidity, such as bonding curves, never say that some was added."""
        # The view knows tokens, but no coin that counts as money: what it knows is what was launched.
        coins = [asset for coin in event.coins if view.token(asset := asset_id(event.chain_id, coin)) is not None]
        if len(coins) == 1:
            yield from self._found(coins[0], asset_id(event.chain_id, event.pool), event.block, view)

    @on(LiquidityAdded)
    def liquidity_added(self, event: LiquidityAdded, view: View) -> Actions:
        yield from self._found(event.token, event.pool, event.block, view)

    @on(LiquidityRemoved)
    def liquidity_removed(self, event: LiquidityRemoved, view: View) -> Actions:
        launch = self.launches.get(event.token)
        if launch is None or launch.stage != "waiting" or launch.pool != event.pool:
            return
        if event.quote_reserve < self.config.min_liquidity:
            launch.stage = "over"  # who takes the liquidity away before anybody bought will do it again
        yield from ()

    @on(TradingEnabled)
    def trading_enabled(self, event: TradingEnabled, view: View) -> Actions:
        token, launch = event.token, self.launches.get(event.token)
        if launch is None:
            # Followed even without liquidity: who enables trading first adds it next.
            pools = view.pools_of(token)
            wanted = [pool for pool in pools if is_wanted(token, pool, self.config, view)] or list(pools)
            if not wanted or self._is_taken(token, view):
                return
            launch = self._follow(token, wanted[0].id, event.block, view)
            if launch is None:
                return
            yield SetTimer(key=token, at=launch.until)
        launch.enabled_block = event.block
        if launch.stage == "waiting":
            launch.not_before = 0
            yield from self._try(token, launch, view)

    @on(TokenDescribed)
    def described(self, event: TokenDescribed, view: View) -> Actions:
        token = asset_id(event.chain_id, event.token)
        launch = self.launches.get(token)
        if launch is not None and launch.stage == "waiting":
            yield from self._try(token, launch, view)

    @on(TimerFired)
    def fired(self, event: TimerFired, view: View) -> Actions:
        token, launch = event.key, self.launches.get(event.key)
        if launch is None:
            return
        if view.now >= launch.until:
            del self.launches[token]
            return
        yield SetTimer(key=token, at=launch.until)
        if launch.stage == "waiting":
            yield from self._try(token, launch, view)

    @on(EntryDenied)
    def denied(self, event: EntryDenied, view: View) -> Actions:
        launch = self.launches.get(event.token)
        if launch is None or launch.stage != "asked":
            return
        if event.retry is not None and launch.tries < self.config.max_tries:
            launch.stage, launch.not_before = "waiting", event.retry.not_before
            return
        retry_at = event.retry_at
        if retry_at is None or retry_at >= launch.until or launch.tries >= self.config.max_tries:
            launch.stage = "over"
            return
        launch.stage, launch.not_before = "waiting", retry_at
        yield SetTimer(key=event.token, at=retry_at)

    @on(EntryDue)
    def due(self, event: EntryDue, view: View) -> Actions:
        launch = self.launches.get(event.token)
        if launch is not None and launch.stage == "waiting":
            yield from self._try(event.token, launch, view)

    @on(PositionOpened)
    def opened(self, event: PositionOpened, view: View) -> Actions:
        self.launches.pop(event.token, None)
        if not self.config.reenter:
            self.entered[event.token] = event.time
            if len(self.entered) > REMEMBERED:
                del self.entered[min(self.entered, key=lambda token: (self.entered[token], token))]
        yield from ()

    @on(Retracted)
    def retracted(self, event: Retracted, view: View) -> Actions:
        for token, launch in list(self.launches.items()):
            if split_asset(token)[0] != event.chain_id:
                continue
            if launch.enabled_block > event.ancestor:
                launch.enabled_block = 0
            # An intent that is under way is answered still; forgetting it could ask for the same token twice.
            if launch.block > event.ancestor and launch.stage != "asked":
                del self.launches[token]
        yield from ()

    def _found(self, token: str, pool_id: str, block: int, view: View) -> Actions:
        launch, pool = self.launches.get(token), view.pool(pool_id)
        if pool is None or self._is_taken(token, view) or not is_wanted(token, pool, self.config, view):
            return
        if launch is None:
            launch = self._follow(token, pool_id, block, view)
            if launch is None:
                return
            yield SetTimer(key=token, at=launch.until)
        if launch.stage == "waiting":
            launch.pool = pool_id
            yield from self._ask(token, launch, pool, view)

    def _follow(self, token: str, pool_id: str, block: int, view: View) -> Launch | None:
        """None where every launch that is followed has an intent under way: those must not be forgotten."""
        if len(self.launches) >= self.config.max_followed:
            idle = [known for known, launch in self.launches.items() if launch.stage != "asked"]
            if not idle:
                return None
            del self.launches[min(idle, key=self._worth)]
        launch = Launch(pool=pool_id, block=block, until=view.now + self.config.patience_s * SECOND)
        self.launches[token] = launch
        return launch

    def _worth(self, token: str) -> tuple[bool, int, str]:
        """The lowest is forgotten first: what is over, then what has waited longest."""
        launch = self.launches[token]
        return launch.stage != "over", launch.until, token

    def _is_taken(self, token: str, view: View) -> bool:
        return token in self.entered or token in view.positions

    def _try(self, token: str, launch: Launch, view: View) -> Actions:
        """A launch that had to wait: is it still wanted?"""
        pool = view.pool(launch.pool)
        if pool is not None and not self._is_taken(token, view) and is_wanted(token, pool, self.config, view):
            yield from self._ask(token, launch, pool, view)

    def _ask(self, token: str, launch: Launch, pool: PoolView, view: View) -> Actions:
        """Ask for an entry, unless something is missing: then a timer or the event that brings it leads here again."""
        config, now = self.config, view.now
        if (config.wait_for_trading and not launch.enabled_block) or deployer_passes(token, config, view) is None:
            return
        block = view.block(pool.chain_id)
        last_block, begun = self.begun.get(pool.chain_id, (block, 0))
        begun = begun if last_block == block else 0
        at = max(launch.not_before, pool.created_at + config.min_age_s * SECOND)
        if not launch.tries and begun >= config.max_per_block:
            at = max(at, now + SECOND)
        if at > now:
            if at < launch.until:
                yield SetTimer(key=token, at=at)
            return
        if not launch.tries:
            self.begun[pool.chain_id] = block, begun + 1
        launch.stage, launch.tries = "asked", launch.tries + 1
        insisted = None if config.any_pool else launch.pool
        yield Open(token=token, pool=insisted, reason=self._reason(token, pool, launch, view))

    def _reason(self, token: str, pool: PoolView, launch: Launch, view: View) -> str:
        coin = pair_coin(token, pool)
        reserve = pool.reserve(coin) if coin else 0
        native = split_asset(view.quote_asset(place_of(pool.id)))[1] == NATIVE and not self.config.pair_tokens
        depth = f"{in_coins(reserve, 18)} coins" if native else f"{reserve} base units"
        age = (view.now - pool.created_at) // SECOND
        again = f", try {launch.tries}" if launch.tries > 1 else ""
        return f"a launch {age} s ago, with {depth} in the pool{again}"
