"""The config file's tables and keys, with their defaults. A plugin's own keys are checked by its own model."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from sniper.amounts import Amount, Coins, PositiveAmount
from sniper.evm.keccak import keccak256
from sniper.evm.rollup_fee import Rollup
from sniper.isolation.place import WITHIN_S
from sniper.settings.secrets import EndpointUrl
from sniper.types import NATIVE, Mode

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_PLACE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_POOL = re.compile(r"0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})")


def address(text: str) -> str:
    """An address in lower case. Raises `ValueError` for anything else, and where its checksum (EIP-55) fails."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError("is no address; write 0x and 40 hex digits")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()):
        digest = keccak256(digits.lower().encode()).hex()
        mixed = "".join(c.upper() if int(h, 16) > 7 else c for c, h in zip(digits.lower(), digest, strict=False))
        if mixed != digits:
            raise ValueError("has a wrong checksum (EIP-55), so a digit may be wrong; copy it again from its source")
    return text.lower()


def _pool(text: str) -> str:
    if not _POOL.fullmatch(text):
        raise ValueError("is no pool; write 0x and 40 hex digits, or 64 for a pool in a singleton")
    return text.lower()


def _quote(text: str) -> str:
    return NATIVE if text == "native" else address(text)


def _market_id(text: str) -> str:
    place, colon, name = text.partition(":")
    if place.isdecimal():
        return f"{int(place)}:{address(name)}"
    if not colon or not _PLACE.fullmatch(place) or not name:
        raise ValueError('is no id; write "<chain id>:<address>", or "<venue>:<symbol>"')
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Address = Annotated[str, AfterValidator(address)]
MarketId = Annotated[str, AfterValidator(_market_id)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[^\s:/]{1,32}$")]
PoolId = Annotated[str, AfterValidator(_pool)]
Positive = Annotated[StrictInt, Field(gt=0)]
Profile = Literal["cautious", "balanced", "degen"]
Bps = Annotated[StrictInt, Field(ge=0, le=10_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,32}$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Table(BaseModel):
    """A table of the config file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PluginTable(BaseModel):
    """A plugin's section. Keys that are not ours belong to the plugin: `keys`."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    plugin: str | None = None
    """Name of the plugin, where the section's name is not the plugin's."""

    @property
    def keys(self) -> dict[str, Any]:
        """The plugin's own keys, not yet checked."""
        return dict(self.model_extra or {})


class StrategyTable(PluginTable):
    """``[strategy.NAME]``: one instance per account that runs it."""

    sizer: str = "fixed"
    """The [sizer.NAME] section, or sizer plugin, that says how much to spend; needed by what opens positions alone."""
    exits: tuple[str, ...]
    """The [exit.NAME] sections, or exit plugins, that close its positions; [] leaves that to the strategy itself."""
    venue: str | None = None
    """The [venue.NAME] section that carries its orders; without it, the first that serves the pool."""


class Plugins(Table):
    """``[plugins]``."""

    disable: tuple[str, ...] = ()
    """Extensions ("kind.name") or distributions that are left out."""


class Chain(Table):
    """``[chain.NAME]``."""

    id: Positive
    """The chain's number (EIP-155); an endpoint that serves another chain is refused."""
    endpoints: Annotated[
        tuple[Annotated[EndpointUrl, PlainValidator(EndpointUrl.parse)], ...],
        Field(min_length=1),
    ]
    """URLs (ws, wss, http, https) or absolute paths of IPC sockets, in order of preference; ${NAME} is replaced."""
    wrapped_native: Address
    """The token that wraps the chain's own coin, such as WETH."""
    local: StrictBool = False
    """Whether this is a development chain, where live trading costs nothing."""
    allow_live: StrictBool = False
    """Confirms that mode "live" may trade here with real money."""
    finality: Positive = 64
    """Blocks after which nothing is undone."""
    pools: dict[str, tuple[PoolId, ...]] = {}
    """Pools to read at start, by [amm.NAME]: their addresses, or ids in a singleton. Newer ones are found by their
    factories' logs."""
    rate: Positive = 50
    """Most requests a second to each endpoint."""
    executor: str | None = None
    """The [executor.NAME] section, or executor plugin, that sends on this chain; that of [runtime], where left out."""
    transactions: Literal["eip-1559", "legacy"] = "eip-1559"
    """What is signed: type 2, or type 0 with the chain's id ("legacy", EIP-155), where it has no base fee. The bids of
    fee estimators are gas prices then."""
    rollup: Rollup | None = None
    """Whose contracts say what the chain takes for data: those of the OP stack ("op": OP Mainnet, Base) or of
    "arbitrum". Left out where it takes nothing; without it on a rollup, too little is kept for gas."""
    hardfork: Literal["cancun", "newest"] | None = None
    """By whose rules it plays, where its node does not tell. With those of "cancun" simulations run here, which is
    faster, with all others on the node."""


class Deadlines(Table):
    """``[runtime.deadlines]``: seconds after which an effect counts as failed."""

    probe: Seconds = 3.0
    """A risk probe; late is a denial."""
    route: Seconds = 0.5
    """Routers, where an account's trades may be routed; late means the best single pool."""
    simulate: Seconds = 3.0
    """A simulated sale of a position."""
    sign: Seconds = 5.0
    """An answer of the signer."""
    send: Seconds = 5.0
    """A node's word on a broadcast; afterwards its outcome is unknown and the same bytes are sent again."""
    settle: Seconds = 5.0
    """What a transaction did."""
    read: Seconds = 5.0
    """Pools, tokens and balances."""
    worker: Seconds = WITHIN_S
    """One call of a plugin in a worker, all its questions together: the kernel waits for it, and does without what is
    late. More where processors are few and busy."""


class Runtime(Table):
    """``[runtime]``: the process, and which of its single plugins it uses."""

    batch: Positive = 256
    """Most events that enter the kernel at once; a block and its logs are never parted for it."""
    workers: Positive = 2
    """Most processes for what risk probes compute and simulate."""
    metrics_port: Annotated[StrictInt, Field(ge=0, le=65_535)] | None = None
    """Loopback port of metrics and health, 0 for any free one; off where it is left out."""
    snapshot_every_s: Positive = 300
    """Seconds after which the state is written down again, so that a restart need not run everything again."""
    snapshot_every_records: Positive = 100_000
    """Records of the journal after which it is written down in any case."""
    signer: str = "keystore"
    """Where keys live."""
    store: str = "sqlite"
    """Index and read models."""
    lease: str = "sqlite"
    """Who says which run may decide for an account: one machine needs no more than "sqlite"."""
    lease_s: Positive | None = None
    """Seconds after which another run may take over from one that was last heard of then. An owner stops deciding so
    long before that what it signed has expired by then, so it must exceed deadline_s of every account by 15 at least;
    60 more than the longest of them where it is left out."""
    bus: str = "memory"
    """How events reach the kernel."""
    fee: str = "percentile"
    """What to bid for inclusion."""
    executor: str | None = None
    """How transactions reach a chain, for modes that several executors serve."""
    deadlines: Deadlines = Deadlines()


class Execution(Table):
    """``[account.NAME.execution]``."""

    slippage_bps: Bps = 100
    """Most that an entry may lose against its quote."""
    exit_slippage_bps: Bps = 200
    """The same for the first attempt of an exit."""
    max_exit_slippage_bps: Bps = 2_500
    """Up to where an exit that fails widens it, attempt by attempt."""
    deadline_s: Positive = 60
    """Seconds, chain time, after which a transaction reverts."""
    replace_after_blocks: Positive = 3
    """Blocks that a transaction waits before it is replaced by one with a higher fee."""
    max_attempts: Positive = 5
    """Attempts at one step of an order before the order fails; exits begin a new order."""
    plans: Literal["together", "one-by-one"] = "together"
    """Whether the transactions of one plan, such as an approval and its swap, leave one behind another and may be in
    one block, or each once the one before it is in a block. Together, a swap whose approval fails costs gas as well."""
    presigned_exits: StrictBool = False
    """Whether each open position has a sale of all of it signed beforehand, which is sent where the signer is gone, and
    at once where it is no worse than what would be signed now. Whoever reads the journal could send it, too."""
    presigned_floor_bps: Bps = 1_500
    """Most that such a sale may lose against the price at which it was signed."""
    presigned_drift_bps: Bps = 300
    """How far that price may move before it is signed anew."""
    read_wallet_blocks: Positive = 50
    """Blocks between two looks at the wallet while nothing is on its way: deposits, airdrops and rebases count from
    then on."""
    max_pending: Positive | None = None
    """Transactions that a wallet may have on their way with one more entry or arbitrage; sales and transfers wait for
    none. 16, which nodes keep of one sender for sure, where the account has several wallets, and any number where
    it has one, if it is left out."""
    trigger_blocks: Positive = 1
    """Blocks in a row at whose end a price must have been in a pool, and another block on the last of them, to reach
    the trigger of a plan, such as a stop. What happens within a block never does. At most the chain's `finality`."""
    loss_floor_bps: Bps = 0
    """Exits that would bring less than this share of the cost are held back; 0: none is."""
    routes: StrictBool = False
    """Whether trades may be split over several pools, as a [router.NAME] proposes and a venue can carry out. Entries,
    and sales that are not urgent, then wait for the router; without it the best single pool is traded at once."""
    route_through: tuple[Address, ...] = ()
    """Tokens that routes may go through, such as stablecoins that you trust, besides the chain's own coin and what the
    accounts on it pay with. Nobody judges them: whoever makes a token could make it look worth going through."""


class Gas(Table):
    """``[account.NAME.treasury.gas]``: own wallets on the same chain that this account gives gas to, when they run
    short. The signer's rules must name them, too."""

    to: Annotated[tuple[Address, ...], Field(min_length=1)]
    """The wallets."""
    floor: PositiveAmount
    """What a wallet has less of is too little: wei, or text such as "0.05 ether". They are looked at every
    read_wallet_blocks of the account."""
    ceiling: PositiveAmount
    """What it then has again."""
    per_day: PositiveAmount
    """The most that each wallet is given within 24 hours."""

    @model_validator(mode="after")
    def _can_give(self) -> Self:
        if not self.floor < self.ceiling:
            raise ValueError(f"ceiling {self.ceiling} is not above floor {self.floor}")
        if self.per_day < self.ceiling:
            raise ValueError(f"per_day {self.per_day} is less than ceiling {self.ceiling}: an empty wallet stays short")
        return self


class Treasury(Table):
    """``[account.NAME.treasury]``: own wallets to which money may go, by ``sniper transfer`` or by itself. The signer's
    rules must name them, too."""

    to: tuple[Address, ...] = ()
    """Own wallets. What is swept goes to the first."""
    sweep_above: Amount = 0
    """Free cash of what the account pays with from which on it is swept, base units or text such as "5 ether"; 0:
    never. None begins before the last one is final."""
    keep: Amount = 0
    """What a sweep leaves."""
    gas: Gas | None = None

    @model_validator(mode="after")
    def _leaves_less(self) -> Self:
        if not self.to and (self.sweep_above or self.gas is None):
            raise ValueError("to names no wallet, so nothing could go anywhere")
        if self.sweep_above and self.keep >= self.sweep_above:
            raise ValueError(f"keep {self.keep} is not below sweep_above {self.sweep_above}: nothing would be swept")
        return self


class Desk(Table):
    """``[account.NAME.desk.VENUE]``: the account's sub-account at an exchange, the [venue.VENUE]. No two accounts share
    one."""

    quote: Code
    """What the account counts in there, such as "USDT": its limits, profits and losses at this exchange."""
    keys: Path | None = None
    """The file with the keys of the sub-account, readable by nobody else; needed where orders really leave."""
    slippage_bps: Bps = 100
    """Beyond the best price, the most that is paid for what is bought at the market."""
    paper_cash: dict[Code, Coins] = {}
    """What it starts with where trades are only played, by asset: { USDT = "10000" }."""
    paper_latency_ms: Annotated[StrictInt, Field(ge=0, le=60_000)] = 50
    """Milliseconds to the exchange, and as many back, where trades are only played."""
    paper_fills: Literal["next-event", "book"] = "next-event"
    """What fills orders there: "next-event", the next trade or best price that reaches one; or "book", the order book,
    which is followed for that, with the order's place in the queue."""
    paper_leverage: Annotated[StrictInt, Field(ge=0, le=125)] = 0
    """Leverage of contracts, in cross margin, where trades are only played; 0: there are none."""
    read_every_s: Positive = 30
    """Seconds between two readings of the sub-account, beside what its stream tells."""
    native_stops: StrictBool = False
    """Lets the exchange hold all stops and targets that only reduce, where it can: they act while sniper does not. On
    spot markets they keep the coins from other orders meanwhile."""
    allow_live: StrictBool = False
    """Confirms that mode "live" may trade here with real money."""


class Account(Table):
    """``[account.NAME]``: one isolated trading context over a chain, exchanges, or both."""

    address: Address | None = None
    """The wallet that pays and receives; left out by an account that trades at exchanges alone."""
    desk: dict[Name, Desk] = {}
    """Its sub-accounts at exchanges, by [venue.NAME]."""
    wallets: tuple[Address, ...] = ()
    """More wallets of this account on the same chain, each with a key in the signer: what the account does is spread
    over all of them. Take one out only once it holds nothing that was bought."""
    chain: str | None = None
    """The [chain.NAME] on which it trades; may be left out where there is one."""
    quote: Annotated[str, AfterValidator(_quote), Field(validate_default=True)] = "native"
    """What it pays and counts in: "native" or a token's address."""
    paper_cash: PositiveAmount | None = None
    """What it starts with of the quote asset where trades are only played; what the wallet holds, where left out."""
    strategies: tuple[str, ...] | None = None
    """The [strategy.NAME] sections that it runs; all where it is left out."""
    claims: dict[MarketId, Name] = {}
    """What only one of its strategies may buy, by id of the token, asset or instrument: the strategy's section."""
    priorities: dict[Name, StrictInt] = {}
    """Of its strategies that have one other than 0: the highest hears first, and at exchanges what others only wait to
    open in what it wants gives way to it."""
    execution: Execution = Execution()
    treasury: Treasury | None = None
    risk_profile: Profile | None = None
    """Instead of the risk_profile of the whole file."""
    risk: dict[Name, PluginTable] = {}
    """Keys that differ from [risk.NAME], or checks of its own."""

    @model_validator(mode="after")
    def _knows_its_wallets(self) -> Self:
        if self.address is None:
            stray = next((key for key in ("wallets", "chain", "treasury", "paper_cash") if getattr(self, key)), "")
            if stray:
                raise ValueError(f"{stray} is of a wallet, and there is none; add address, or leave {stray} out")
            if not self.desk:
                raise ValueError(
                    "has neither a wallet nor a desk; add address, or a section [account.NAME.desk.VENUE] for an "
                    "exchange"
                )
            return self
        named = (self.address, *self.wallets)
        if twice := next((wallet for wallet in named if named.count(wallet) > 1), ""):
            raise ValueError(f"wallet {twice} is named twice; name each once, the first as address")
        if self.treasury and self.treasury.gas and not self.wallets and self.address in self.treasury.gas.to:
            raise ValueError(f"treasury.gas.to names {self.address}, the account's own wallet; name others")
        return self


class Rise(Table):
    """``[promotion.NAME.rise]``: what an instance must have shown at each stage before the next one. What nothing was
    measured of is not passed."""

    min_days: Positive = 14
    """Days on record."""
    min_trades: Positive = 30
    """Orders that closed something; at the stage "shadow", which closes nothing, orders that would have left."""
    min_sharpe: float = 1.0
    """Of the profit of each day, for a year of 365 of them."""
    min_profit_factor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.2
    """Gains by losses."""
    max_drawdown_bps: Bps = 1_000
    """Of what was realised, as a share of the capital of its stage."""
    max_slippage_bps: Bps = 50
    """At live stages: by how much its orders were filled worse than the same ones on paper, which is the model."""
    min_parity_bps: Bps = 8_000
    """At "shadow" and at live stages: how many of its orders and of those on paper are the same."""
    min_deflated_sharpe: Annotated[float, Field(ge=0, le=1)] = 0.95
    """At "backtest": the probability of any skill, as sniper validate says it."""
    max_overfitting: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Likewise: the probability that the best trial is overfitted."""


class Hold(Table):
    """``[promotion.NAME.hold]``: what takes an instance back from a live stage, at once."""

    max_drawdown_bps: Bps = 1_500
    """Of what it realised at this stage, with what is open, as a share of the capital of its stage."""
    max_errors: Annotated[StrictInt, Field(ge=0, le=20)] = 5
    """Of its last 20 orders, those that failed or were rejected."""
    max_slippage_bps: Bps = 150
    """As in rise, once 5 orders were compared."""
    min_parity_bps: Bps = 4_000
    """As in rise, once 10 orders were compared."""


class Promotion(Table):
    """``[promotion.NAME]``: the stages of the strategy NAME in mode live. Without it, a strategy trades in full. See
    docs/promotion.md."""

    capital: PositiveAmount
    """What it trades with in full: losses are measured as a share of it. Base units, or text such as "5 ether" or
    "1000 coins"."""
    validation: Path | None = None
    """What sniper validate --json printed: begins with the stage "backtest"."""
    shadow: Path | None = None
    """The data_dir of a run in mode shadow with the same accounts: the stage "shadow"."""
    paper: Path
    """The data_dir of a run in mode paper with the same accounts: the stage "paper", and the model that "shadow" and
    live stages are held against."""
    shares_bps: Annotated[tuple[Annotated[StrictInt, Field(gt=0, le=10_000)], ...], Field(min_length=1)] = (
        1_000,
        5_000,
        10_000,
    )
    """How much of what it wants is traded at each live stage, growing."""
    automatic: StrictBool = False
    """Whether it rises by itself once all gates are passed; otherwise that is proposed, and a person says so."""
    measure_every_s: Positive = 60
    """Seconds between two measurements."""
    same_within_s: Positive = 60
    """Seconds between two orders of the same kind in two runs that count as the same."""
    rise: Rise = Rise()
    hold: Hold = Hold()

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        if list(self.shares_bps) != sorted(set(self.shares_bps)):
            raise ValueError(f"shares_bps {list(self.shares_bps)} do not grow")
        return self

    @property
    def stages(self) -> tuple[tuple[str, int], ...]:
        """Names, and the share of what it wants that is traded, lowest first."""
        before = [("backtest", self.validation), ("shadow", self.shadow), ("paper", self.paper)]
        live = tuple((f"live-{share / 100:g}%", share) for share in self.shares_bps)
        return (*((name, 0) for name, where in before if where is not None), *live)


class Logging(Table):
    """``[logging]``."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe line to write."""
    format: Literal["auto", "human", "json"] = "auto"
    """"auto": human on a terminal, JSON otherwise."""


class SignalKind(Table):
    """``[signals.kind.KIND]``: what differs from [signals] for signals of one kind, such as "listing"."""

    sources: Positive | None = None
    window_s: Positive | None = None
    min_score_bps: Bps | None = None
    lives_s: Positive | None = None
    max_age_s: Positive | None = None
    counts_as: Name | None = None
    """The kind as which it is compared with what other sources say; its own where it is left out."""


class Signals(Table):
    """``[signals]``: which of what sources say strategies hear of. See docs/signals.md."""

    sources: Positive = 1
    """So many sources must say the same within window_s."""
    window_s: Positive = 300
    """Seconds within which what sources say alike is one signal; and for so long nothing more is told of it."""
    min_score_bps: Bps = 1
    """Least score of a signal: from the weights of its sources, and how sure each of them is."""
    lives_s: Positive = 300
    """Seconds after which a signal means nothing any more, where its source does not say."""
    max_age_s: Positive = 600
    """What was said longer ago than this when it is heard is left out."""
    weights: dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")], Bps] = {}
    """Weights of sources, such as "webhook.desk", or of all sources of a feed, such as "webhook"; 0: not believed."""
    default_weight_bps: Bps = 10_000
    """The weight of all others."""
    symbols: dict[Symbol, tuple[MarketId, ...]] = {}
    """What a symbol stands for besides what exchanges trade under it: "<chain id>:<address>" of tokens, or ids of
    instruments. What tokens call themselves is not asked."""
    kind: dict[Name, SignalKind] = {}


class Optimise(Table):
    """``[optimise]``: where ``sniper optimise`` runs its trials."""

    cluster: str = ""
    """Address of a Dask scheduler, such as "tcp://127.0.0.1:8786"; processes of this machine, where left out."""


PluginTables = dict[Name, PluginTable]


class Settings(Table):
    """The whole file. Made by `sniper.settings.load`."""

    mode: Annotated[Mode, BeforeValidator(lambda value: Mode(value) if isinstance(value, str) else value)] = Mode.PAPER
    """How far an order goes: "replay", "backtest", "paper", "shadow" (decides, never sends) or "live"."""
    data_dir: Path = Path("~/.local/share/sniper")
    """Where journals and stores are kept; a relative path is taken from the config file."""
    risk_profile: Profile = "balanced"
    """How strict the risk checks are where the file does not say it: "cautious", "balanced" or "degen"."""
    plugins: Plugins = Plugins()
    chain: dict[Name, Chain] = {}
    runtime: Runtime = Runtime()
    account: dict[Name, Account] = {}
    logging: Logging = Logging()
    signals: Signals = Signals()
    optimise: Optimise = Optimise()
    promotion: dict[Name, Promotion] = {}
    strategy: dict[Name, StrategyTable] = {}
    sizer: PluginTables = {}
    exit: PluginTables = {}
    risk: PluginTables = {}
    policy: PluginTables = {}
    amm: PluginTables = {}
    venue: PluginTables = {}
    feed: PluginTables = {}
    fee: PluginTables = {}
    router: PluginTables = {}
    executor: PluginTables = {}
    signer: PluginTables = {}
    store: PluginTables = {}
    lease: PluginTables = {}
    bus: PluginTables = {}

    _source: Path = PrivateAttr(default=Path("sniper.toml"))

    @property
    def source(self) -> Path:
        """The file that this was read from."""
        return self._source

    def section(self, kind: str, name: str) -> PluginTable | None:
        """``[kind.name]``; None where the file has none."""
        tables: dict[str, PluginTable] = getattr(self, kind)
        return tables.get(name)

    def chain_of(self, account: str) -> str:
        """Name of the chain on which an account trades; empty for one that trades at exchanges alone."""
        table = self.account[account]
        return "" if table.address is None else table.chain or next(iter(self.chain))

    def strategies_of(self, account: str) -> tuple[str, ...]:
        """Names of the strategy sections that an account runs."""
        named = self.account[account].strategies
        return tuple(self.strategy) if named is None else named
