"""From the resolved config to the kernel's wiring: every pure plugin is made here, once."""

from collections.abc import Mapping
from typing import Any

from sniper.kernel.wiring import (
    AccountWiring,
    AmmWiring,
    ChainWiring,
    CheckWiring,
    DeskWiring,
    ExecutionWiring,
    ExitWiring,
    GasWiring,
    PromotionWiring,
    SignalRule,
    SignalWiring,
    StrategyWiring,
    TreasuryWiring,
    WatchWiring,
    Wiring,
)
from sniper.risk import RiskWatch
from sniper.settings.model import Promotion, SignalKind, Signals, Treasury
from sniper.settings.resolved import Configured, ConfiguredAccount, ConfiguredStrategy, Resolved
from sniper.specs import ExitSpec
from sniper.types import NATIVE, SECOND, Mode

GUARANTEED = 16
"""Transactions of one sender that a node keeps whatever else comes (go-ethereum, ``txpool.accountslots``)."""


def wire(resolved: Resolved, *, signs: bool) -> Wiring:
    """The kernel's wiring. ``signs``: whether the mode's executor sends signed bytes."""
    amms = tuple(
        AmmWiring(
            name=each.name,
            plugin=each.spec.name,
            amm=each.cls,
            config=each.config,
            factories=tuple(getattr(each.config, "factories", ())),
        )
        for each in resolved.amms
    )
    known = {each.name for each in amms}
    chains = tuple(
        ChainWiring(
            chain_id=chain.id,
            wrapped_native=chain.wrapped_native,
            fee=_make(resolved.fee),
            quotes=tuple(sorted({a.quote for a in resolved.accounts if a.chain_id == chain.id and a.quote != NATIVE})),
            finality=chain.finality,
            amms=amms,
            rollup=chain.rollup,
            legacy=chain.transactions == "legacy",
            # Not those of an AMM that may not run.
            pools=tuple((name, pool) for name in sorted(chain.pools.keys() & known) for pool in chain.pools[name]),
            atomic=_atomic(resolved, name),
        )
        for name, chain in resolved.chains.items()
    )
    return Wiring(
        chains=chains,
        venues={venue.name: _make(venue) for venue in resolved.venues},
        accounts=tuple(_account(resolved, account) for account in resolved.accounts),
        signs=signs,
        signals=_signals(resolved.settings.signals),
    )


def _signals(table: Signals) -> SignalWiring:
    rule = SignalRule(
        sources=table.sources,
        window=table.window_s * SECOND,
        min_score=table.min_score_bps,
        lives=table.lives_s * SECOND,
        max_age=table.max_age_s * SECOND,
    )
    symbols: dict[str, tuple[str, ...]] = {}
    for symbol, ids in table.symbols.items():
        symbols[symbol.upper()] = (*symbols.get(symbol.upper(), ()), *ids)
    return SignalWiring(
        rule=rule,
        kinds=tuple((kind, _of_kind(own, rule)) for kind, own in sorted(table.kind.items())),
        weights=tuple(sorted(table.weights.items())),
        weight=table.default_weight_bps,
        symbols=tuple(sorted(symbols.items())),
    )


def _of_kind(own: SignalKind, rule: SignalRule) -> SignalRule:
    return SignalRule(
        sources=rule.sources if own.sources is None else own.sources,
        window=rule.window if own.window_s is None else own.window_s * SECOND,
        min_score=rule.min_score if own.min_score_bps is None else own.min_score_bps,
        lives=rule.lives if own.lives_s is None else own.lives_s * SECOND,
        max_age=rule.max_age if own.max_age_s is None else own.max_age_s * SECOND,
        counts_as=own.counts_as or "",
    )


def signs(resolved: Resolved) -> bool:
    """Whether the mode's executors send signed bytes: all do, or none."""
    return resolved.executor is not None and bool(getattr(resolved.executor.cls, "signs", True))


def _atomic(resolved: Resolved, chain: str) -> bool:
    return resolved.executor is not None and bool(getattr(resolved.executor_of(chain).cls, "atomic", False))


def _make(configured: Configured) -> Any:
    """An instance of a plugin that takes nothing but its config. Any: each kind has its own class."""
    return configured.cls(config=configured.config)


def _account(resolved: Resolved, account: ConfiguredAccount) -> AccountWiring:
    deadlines = resolved.runtime.deadlines
    rules = account.execution
    judges = [(each, False) for each in account.risk] + [(each, True) for each in resolved.policies]
    strategies = sorted(account.strategies, key=lambda each: -account.priorities.get(each.plugin.name, 0))
    return AccountWiring(
        name=account.name,
        chain_id=account.chain_id,
        address=account.address,
        further=account.wallets,
        quote=account.quote,
        strategies=tuple(_strategy(each, resolved.promotions) for each in strategies),
        priorities=tuple(sorted(account.priorities.items())),
        claims=tuple(sorted(account.claims.items())),
        checks=tuple(
            CheckWiring(name=each.name, check=_make(each), policy=policy)
            for each, policy in judges
            if not issubclass(each.cls, RiskWatch)
        ),
        watches=tuple(
            WatchWiring(name=each.name, watch=each.cls, config=each.config, policy=policy)
            for each, policy in judges
            if issubclass(each.cls, RiskWatch)
        ),
        execution=ExecutionWiring(
            slippage_bps=rules.slippage_bps,
            exit_slippage_bps=rules.exit_slippage_bps,
            max_exit_slippage_bps=rules.max_exit_slippage_bps,
            deadline_s=rules.deadline_s,
            replace_after_blocks=rules.replace_after_blocks,
            max_attempts=rules.max_attempts,
            read_wallet_blocks=rules.read_wallet_blocks,
            max_pending=rules.max_pending or (GUARANTEED if account.wallets else 0),
            loss_floor_bps=rules.loss_floor_bps,
            trigger_blocks=rules.trigger_blocks,
            together=rules.plans == "together",
            presigned=rules.presigned_exits,
            presigned_floor_bps=rules.presigned_floor_bps,
            presigned_drift_bps=rules.presigned_drift_bps,
            routes=rules.routes,
            route_through=rules.route_through,
            probe_deadline=_ns(deadlines.probe),
            route_deadline=_ns(deadlines.route),
            simulate_deadline=_ns(deadlines.simulate),
            sign_deadline=_ns(deadlines.sign),
            send_deadline=_ns(deadlines.send),
            settle_deadline=_ns(deadlines.settle),
            read_deadline=_ns(deadlines.read),
        ),
        treasury=_treasury(account.treasury),
        desks=tuple(
            DeskWiring(
                venue=venue,
                quote=f"{venue}:{desk.quote}",
                slippage_bps=desk.slippage_bps,
                deadline=_ns(deadlines.read),
                read_every=desk.read_every_s * SECOND if resolved.mode is Mode.LIVE else 0,
                native_stops="never" if resolved.mode is not Mode.LIVE else "all" if desk.native_stops else "asked",
            )
            for venue, desk in sorted(account.desks.items())
        ),
    )


def _treasury(treasury: Treasury | None) -> TreasuryWiring | None:
    if treasury is None:
        return None
    gas = treasury.gas
    return TreasuryWiring(
        to=treasury.to,
        sweep_above=treasury.sweep_above,
        keep=treasury.keep,
        gas=GasWiring(gas.to, gas.floor, gas.ceiling, gas.per_day) if gas else None,
    )


def _ns(seconds: float) -> int:
    return int(seconds * SECOND)


def _strategy(strategy: ConfiguredStrategy, promotions: Mapping[str, Promotion]) -> StrategyWiring:
    promotion = promotions.get(strategy.plugin.name)
    return StrategyWiring(
        name=strategy.plugin.name,
        strategy=strategy.plugin.cls,
        config=strategy.plugin.config,
        sizer=_make(strategy.sizer) if strategy.sizer else None,
        venue=strategy.venue.name if strategy.venue else "",
        exits=tuple(
            ExitWiring(
                name=each.name,
                exit=each.cls,
                config=each.config,
                simulates_sales=isinstance(each.spec, ExitSpec) and each.spec.simulates_sales,
            )
            for each in strategy.exits
        ),
        promotion=None if promotion is None else _promotion(promotion),
    )


def _promotion(table: Promotion) -> PromotionWiring:
    return PromotionWiring(
        stages=table.stages,
        automatic=table.automatic,
        capital=table.capital,
        max_drawdown_bps=table.hold.max_drawdown_bps,
        max_errors=table.hold.max_errors,
    )
