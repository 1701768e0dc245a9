"""Specs: what a plugin offers, as plain data.

A spec is read for every installed plugin, trusted or not, so it imports nothing and runs nothing: it travels unchanged
between processes, into ``plugins list --json`` and into the registry.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sniper.plugin import Frozen

if TYPE_CHECKING:
    import click

    from sniper.amm import Amm
    from sniper.bus import Bus
    from sniper.exchange import Exchange
    from sniper.executor import Executor
    from sniper.exit import Exit
    from sniper.fee import FeeEstimator
    from sniper.feed import Feed
    from sniper.index import Index
    from sniper.lease import LeaseKeeper
    from sniper.risk import RiskCheck, RiskProbe, RiskWatch
    from sniper.router import Router
    from sniper.signer import Signer
    from sniper.sizer import Sizer
    from sniper.store import Store
    from sniper.strategy import Strategy
    from sniper.venue import OnChainVenue

T_co = TypeVar("T_co", covariant=True)


class Spec(Frozen, Generic[T_co], kw_only=True, array_like=False):
    """One extension.

    name         Kebab-case, unique within its kind (a command: within its group): what users type, and the config
                 section's name.
    summary      One line for ``plugins list``: what it does for the trader.
    factory      ``"package.module:Class"``, in the same distribution; imported on first use.
    in_init      Whether the config that ``sniper init`` writes has a section for it; not where a trader must make
                 something first, such as deploy a contract.
    permissions  All that it may reach, such as ``"network:api.acme.com"`` or ``"secret:acme-key"``.
    """

    kind: ClassVar[str]
    name: str
    summary: str
    factory: str
    permissions: tuple[str, ...] = ()
    in_init: bool = True


class AmmSpec(Spec["Amm"]):
    """The pricing function of one kind of pool."""

    kind = "amm"


class VenueSpec(Spec["OnChainVenue"]):
    """A place that an order reaches as a transaction."""

    kind = "venue"


class ExchangeSpec(Spec["Exchange"]):
    """A place that takes orders itself. To whoever trades it is one more venue: names and sections are shared."""

    kind = "venue"


class RiskCheckSpec(Spec["RiskCheck | RiskProbe[Any] | RiskWatch"]):
    """A judge of intents. As a policy (``[policy.NAME]``) it also judges reductions.

    profiles  What ``risk_profile = "cautious"`` or ``"degen"`` sets where the config does not; the defaults of the keys
              are those of ``"balanced"``.
    """

    kind = "risk"
    profiles: dict[str, dict[str, int | str | bool]] = {}


class StrategySpec(Spec["Strategy"]):
    """Turns events into intents."""

    kind = "strategy"


class SizerSpec(Spec["Sizer"]):
    """Says how much an intent may spend."""

    kind = "sizer"


class ExitSpec(Spec["Exit"]):
    """Closes positions.

    simulates_sales  Wants `SellSimulated` for its position on each new block.
    """

    kind = "exit"
    simulates_sales: bool = False


class FeedSpec(Spec["Feed"]):
    """A source of events.

    emits      The event tags that it may send.
    per_chain  Whether each chain has one of it; else there is one for all, and its source is no chain.
    hints      Whether nothing depends on hearing it: trading goes on, and the run stays ready, while its source is
               lost. So it is with all that tells signals.
    """

    kind = "feed"
    emits: tuple[str, ...]
    per_chain: bool = True
    hints: bool = False


class RouterSpec(Spec["Router"]):
    """Proposes how a trade is split over pools."""

    kind = "router"


class ExecutorSpec(Spec["Executor"]):
    """How a transaction reaches a chain, in the modes that it serves."""

    kind = "executor"
    modes: tuple[str, ...]


class FeeEstimatorSpec(Spec["FeeEstimator"]):
    """What to bid for inclusion."""

    kind = "fee"


class SignerSpec(Spec["Signer"]):
    """Where keys live."""

    kind = "signer"


class StoreSpec(Spec["Store"]):
    """Index and read models behind the journal."""

    kind = "store"


class LeaseSpec(Spec["LeaseKeeper"]):
    """Who may decide for an account now."""

    kind = "lease"


class IndexSpec(Spec["Index"]):
    """Where plugins come from."""

    kind = "index"


class BusSpec(Spec["Bus"]):
    """How events reach the kernel."""

    kind = "bus"


class AppSpec(Spec["click.Command"]):
    """A command. ``group``: the command group that it joins, such as ``plugins``; empty for the top level."""

    kind = "app"
    group: str = ""
