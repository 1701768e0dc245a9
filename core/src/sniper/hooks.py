"""Every extension point of sniper, on one page.

A hook is called once, at start. It returns specs: plain data that name what the plugin offers. Nothing that a hook
returns is running yet, and no hook is called while trading.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from sniper.specs import (
        AmmSpec,
        AppSpec,
        BusSpec,
        ExchangeSpec,
        ExecutorSpec,
        ExitSpec,
        FeedSpec,
        FeeEstimatorSpec,
        IndexSpec,
        LeaseSpec,
        RiskCheckSpec,
        RouterSpec,
        SignerSpec,
        SizerSpec,
        StoreSpec,
        StrategySpec,
        VenueSpec,
    )

hookspec = pluggy.HookspecMarker("sniper")
hookimpl = pluggy.HookimplMarker("sniper")
"""Marks a function of a plugin's module as the implementation of the hook of that name."""


@hookspec
def sniper_amms() -> "Sequence[AmmSpec]":
    """AMMs that this plugin can price.

    Used by: the market, which keeps one instance for each pool that a configured factory creates.
    Contract: `sniper.amm.Amm`. Conformance: ``sniper_sdk.AmmConformance``.

        @hookimpl
        def sniper_amms():
            return [AmmSpec(name="constant-product", summary="Uniswap V2 and its forks",
                            factory="sniper_amm_constant_product.pool:ConstantProduct")]
    """
    raise NotImplementedError


@hookspec
def sniper_venues() -> "Sequence[VenueSpec]":
    """Contracts that trade: places that an order reaches as a transaction.

    Used by: the kernel, to turn a routed order into transactions; one instance per ``[venue.NAME]`` section.
    Contract: `sniper.venue.OnChainVenue`. Conformance: ``sniper_sdk.VenueConformance``.

        @hookimpl
        def sniper_venues():
            return [VenueSpec(name="uniswap", summary="Uniswap V2 and V3 routers",
                              factory="sniper_venue_uniswap.venue:Uniswap")]
    """
    raise NotImplementedError


@hookspec
def sniper_exchanges() -> "Sequence[ExchangeSpec]":
    """Places that take orders themselves.

    Used by: the runtime, for market data and for each desk of an account; one place per ``[venue.NAME]`` section.
    Contract: `sniper.exchange.Exchange`. Conformance: ``sniper_sdk.ExchangeConformance``.

        @hookimpl
        def sniper_exchanges():
            return [ExchangeSpec(name="ccxt", summary="Spot markets of the exchanges that ccxt knows",
                                 factory="sniper_venue_ccxt.exchange:CcxtExchange")]
    """
    raise NotImplementedError


@hookspec
def sniper_risk_checks() -> "Sequence[RiskCheckSpec]":
    """Judges of intents, for ``[risk]`` (the account's prudence) and ``[policy]`` (the operator's law).

    Used by: the kernel, for every intent that increases exposure. All run; each that fails, raises or is late denies.
    Contract: `sniper.risk.RiskCheck` (pure), `sniper.risk.RiskProbe` (needs I/O) or `sniper.risk.RiskWatch` (remembers,
    and may pull the kill switch).
    Conformance: ``sniper_sdk.RiskConformance``, for a watch ``sniper_sdk.RiskWatchConformance``.

        @hookimpl
        def sniper_risk_checks():
            return [RiskCheckSpec(name="limits", summary="Caps on open positions and spending",
                                  factory="sniper_risk_limits.check:Limits")]
    """
    raise NotImplementedError


@hookspec
def sniper_strategies() -> "Sequence[StrategySpec]":
    """Strategies that an account may run.

    Used by: the kernel; one instance per account and ``[strategy.NAME]`` section.
    Contract: `sniper.strategy.Strategy`. Conformance: ``sniper_sdk.StrategyConformance``.

        @hookimpl
        def sniper_strategies():
            return [StrategySpec(name="launch-snipe", summary="Buys fresh pools once they trade",
                                 factory="sniper_strategy_launch_snipe.strategy:LaunchSnipe")]
    """
    raise NotImplementedError


@hookspec
def sniper_sizers() -> "Sequence[SizerSpec]":
    """Rules that say how much an intent may spend.

    Used by: the kernel, between eligibility and route; a strategy names its sizer in its config section.
    Contract: `sniper.sizer.Sizer`. Conformance: ``sniper_sdk.SizerConformance``.

        @hookimpl
        def sniper_sizers():
            return [SizerSpec(name="fixed", summary="The same amount each time",
                              factory="sniper_sizer_fixed.sizer:Fixed")]
    """
    raise NotImplementedError


@hookspec
def sniper_exits() -> "Sequence[ExitSpec]":
    """Rules that close positions.

    Used by: the kernel; one instance per position and exit that the position's strategy names.
    Contract: `sniper.exit.Exit`. Conformance: ``sniper_sdk.ExitConformance``.

        @hookimpl
        def sniper_exits():
            return [ExitSpec(name="stop-loss", summary="Sells when the value falls below a share of the cost",
                             factory="sniper_exit_stop_loss.rule:StopLoss")]
    """
    raise NotImplementedError


@hookspec
def sniper_feeds() -> "Sequence[FeedSpec]":
    """Sources of events.

    Used by: the runtime, which runs one instance per chain and ``[feed.NAME]`` section under supervision, or one for
    all chains where the spec says ``per_chain=False``.
    Contract: `sniper.feed.Feed`. Conformance: ``sniper_sdk.FeedConformance``.

        @hookimpl
        def sniper_feeds():
            return [FeedSpec(name="evm-logs", summary="Blocks and logs of EVM chains, gap-free",
                             factory="sniper_feed_evm_logs.feed:EvmLogs", emits=("block/1", "log/1", "reorg/1"))]
    """
    raise NotImplementedError


@hookspec
def sniper_routers() -> "Sequence[RouterSpec]":
    """Rules that split a trade over pools.

    Used by: the runtime, one instance per chain: it proposes legs, as an effect. The kernel quotes them again, exactly,
    and takes the best of them and its own direct routes.
    Contract: `sniper.router.Router`. Conformance: ``sniper_sdk.RouterConformance``.

        @hookimpl
        def sniper_routers():
            return [RouterSpec(name="dual", summary="Best routes by dual decomposition, with a bound",
                               factory="sniper_router_dual.router:Dual")]
    """
    raise NotImplementedError


@hookspec
def sniper_executors() -> "Sequence[ExecutorSpec]":
    """Ways for a transaction to reach a chain, or to be played without one.

    Used by: the runtime, for commands of the kernel; chosen by mode and config.
    Contract: `sniper.executor.Executor`. Conformance: ``sniper_sdk.ExecutorConformance``.

        @hookimpl
        def sniper_executors():
            return [ExecutorSpec(name="mempool", summary="The chain's public mempool", modes=("live",),
                                 factory="sniper_executor_mempool.executor:Mempool")]
    """
    raise NotImplementedError


@hookspec
def sniper_fee_estimators() -> "Sequence[FeeEstimatorSpec]":
    """Rules that say what to bid for inclusion.

    Used by: the kernel, one instance per chain; its sender state machine asks before each attempt.
    Contract: `sniper.fee.FeeEstimator`. Conformance: ``sniper_sdk.FeeConformance``.

        @hookimpl
        def sniper_fee_estimators():
            return [FeeEstimatorSpec(name="percentile", summary="A percentile of recent tips",
                                     factory="sniper_fee_percentile.estimator:Percentile")]
    """
    raise NotImplementedError


@hookspec
def sniper_signers() -> "Sequence[SignerSpec]":
    """Places where keys live.

    Used by: the runtime, which selects the one named in the config from the entry points ``sniper.signers``.
    Contract: `sniper.signer.Signer`. Conformance: ``sniper_sdk.SignerConformance``.

        @hookimpl
        def sniper_signers():
            return [SignerSpec(name="keystore", summary="Encrypted key file, in a process of its own",
                               factory="sniper_signer_keystore.client:KeystoreSigner")]
    """
    raise NotImplementedError


@hookspec
def sniper_stores() -> "Sequence[StoreSpec]":
    """Indexes and read models behind the journal.

    Used by: the runtime and the command line, which select the one named in the config from ``sniper.stores``.
    Contract: `sniper.store.Store`. Conformance: ``sniper_sdk.StoreConformance``.

        @hookimpl
        def sniper_stores():
            return [StoreSpec(name="sqlite", summary="One SQLite file beside the journal",
                              factory="sniper_store_sqlite.store:Sqlite")]
    """
    raise NotImplementedError


@hookspec
def sniper_leases() -> "Sequence[LeaseSpec]":
    """Keepers of leases: who may decide for an account now, under which fencing token.

    Used by: the runtime, which selects the one named in the config from ``sniper.leases``.
    Contract: `sniper.lease.LeaseKeeper`. Conformance: ``sniper_sdk.LeaseConformance``.

        @hookimpl
        def sniper_leases():
            return [LeaseSpec(name="sqlite", summary="Leases on one machine, in one SQLite file",
                              factory="sniper_lease_sqlite.keeper:Sqlite")]
    """
    raise NotImplementedError


@hookspec
def sniper_buses() -> "Sequence[BusSpec]":
    """Ways for events to reach the kernel.

    Used by: the runtime, which selects the one named in the config from the entry points ``sniper.buses``.
    Contract: `sniper.bus.Bus`. Conformance: ``sniper_sdk.BusConformance``.

        @hookimpl
        def sniper_buses():
            return [BusSpec(name="memory", summary="Bounded lanes in this process",
                            factory="sniper_bus_memory.bus:Memory")]
    """
    raise NotImplementedError


@hookspec
def sniper_indexes() -> "Sequence[IndexSpec]":
    """Sources of plugins, and of the news which releases may not run any more.

    Used by: the commands that find and install plugins, and each start, which asks all of them what was revoked.
    Contract: `sniper.index.Index`. Conformance: ``sniper_sdk.IndexConformance``.

        @hookimpl
        def sniper_indexes():
            return [IndexSpec(name="registry", summary="Signed repositories that were added by the trader",
                              factory="sniper_registry.client.index:RegistryIndex")]
    """
    raise NotImplementedError


@hookspec
def sniper_apps() -> "Sequence[AppSpec]":
    """Commands that join the command line.

    Used by: ``sniper``; a command's module is imported when it is run, never for ``--help``.
    Contract: a `click.Command`. Conformance: ``sniper_sdk.AppConformance``.

        @hookimpl
        def sniper_apps():
            return [AppSpec(name="demo", summary="Snipe launches on a chain of its own",
                            factory="sniper_sdk.demo.command:demo")]
    """
    raise NotImplementedError
