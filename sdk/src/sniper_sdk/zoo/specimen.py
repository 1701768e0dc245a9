"""The index of the zoo: what each specimen is, what it does to a buyer, and which check has to say so."""

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from sniper.errors import SniperError
from sniper_sdk.zoo.scenario import Venue
from sniper_sdk.zoo.story import Act, Line, read_line


class UnknownSpecimen(SniperError, LookupError):
    """The zoo has no specimen of that name, or not under that label."""

    code = "zoo-specimen"


class Label(StrEnum):
    """What a specimen is."""

    TRAP = "trap"
    HONEST = "honest"


class TrapKind(StrEnum):
    """What kind of trap it is; of an honest one, what it looks like."""

    ALLOWANCE_LIE = "allowance-lie"
    APPROVE_BLOCKS_PAIR = "approve-blocks-pair"
    BALANCE_LIE = "balance-lie"
    BLACKLIST = "blacklist"
    BURN_OTHERS = "burn-others"
    CANNOT_SELL = "cannot-sell"
    CONTRACT_BUYERS_ONLY = "contract-buyers-only"
    COOLDOWN = "cooldown"
    DELEGATECALL_OUT = "delegatecall-out"
    EXTERNAL_REGISTRY = "external-registry"
    FAKE_RENOUNCE = "fake-renounce"
    FEE_TO_100 = "fee-to-100"
    FREEZE = "freeze"
    FRESH_ADDRESSES_ONLY = "fresh-addresses-only"
    GAS_GRIEFING = "gas-griefing"
    HIDDEN_OWNER = "hidden-owner"
    HIGH_TAX = "high-tax"
    HOOK = "hook"
    LATE_TRAP = "late-trap"
    LIQUIDITY_PULL = "liquidity-pull"
    MAX_TX = "max-tx"
    MAX_WALLET = "max-wallet"
    METAMORPHIC = "metamorphic"
    MINT = "mint"
    MOVE_OTHERS = "move-others"
    PAUSE = "pause"
    PERMIT_FORGE = "permit-forge"
    RAISED_TAX = "raised-tax"
    REBASING_TO_ZERO = "rebasing-to-zero"
    ROUTER_BLACKLIST = "router-blacklist"
    SELF_DESTRUCT = "self-destruct"
    SELL_IN_PARTS = "sell-in-parts"
    SELL_ONLY_SMALL_AMOUNTS = "sell-only-small-amounts"
    SIMULATOR_DETECTION = "simulator-detection"
    STORAGE_LIES = "storage-lies"
    TRADING_SWITCH = "trading-switch"
    TRANSFER_FROM_WHITELIST = "transfer-from-whitelist"
    TRAP_BEHIND_PROXY = "trap-behind-proxy"
    UPGRADE = "upgrade"


class Binds(StrEnum):
    """From when on a trap holds its buyers."""

    AT_ONCE = "at once"
    AFTER_BLOCKS = "after blocks"
    AFTER_TIME = "after time"
    AFTER_TRADES = "after trades"
    AFTER_DEED = "after the owner's deed"


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A transaction of the owner.

    `call` is a signature and `args` its arguments, in which these words stand for what is known only on the chain:
    ``$buyer``, ``$holding`` (what the buyer has), ``$owner``, ``$token``, ``$pool``, ``$spender`` (whom a seller
    approves), ``$weth``, ``$v2_router``, ``$supply``, ``$most`` (2²⁵⁶ − 1), ``$new:NAME`` (the address of a contract of
    the zoo, deployed for it). A table with ``call`` and ``args`` stands for the call data that it describes.
    """

    call: str = ""
    args: tuple[Any, ...] = ()  # whatever the signature takes
    at: str = ""
    """Whom to call: the token; or who answers that view function of it (``maker()``); or the address in that storage
    slot of it (32 bytes, hex)."""
    removes: int = 0
    """Instead of a call: that share of the owner's liquidity is taken out, in basis points."""


class Fooled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to simulate a sale in which the trap does not show: what `eth_call` is given."""

    sender: str = ""
    """Who sells; else a fresh address."""
    code: bool = False
    """Whether the seller is a contract."""
    gas_price: int | None = None
    gas: int | None = None
    balance: int | None = None
    """The seller's, in wei."""
    block: dict[str, int | str] = {}
    """Block overrides."""


class Specimen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A token of the zoo."""

    name: str
    label: Label
    does: str
    """What it does, in a sentence."""
    contract: str
    kind: TrapKind | None = None
    reasons: tuple[str, ...] = ()
    """Rules (``check/rule``) any of which is a right reason to deny it; the most telling one first."""
    arguments: tuple[int, ...] = ()
    """What its constructor takes after name, symbol and supply."""
    decimals: int = 18
    venues: tuple[Venue, ...] = (Venue.V2, Venue.V3)
    """Where it does what it says, in a pool of the kind."""
    liquidity: str = "burned"
    """Who gets the liquidity: nobody (``burned``), the ``owner``, the ``token``, or who answers a view of it."""
    hardfork: str | None = None
    """The last fork on which the trap works; any if None."""
    opening: tuple[Deed, ...] = ()
    """What the owner does before it can be traded as meant."""
    deeds: tuple[Deed, ...] = ()
    """What the owner does to spring it; of an honest one, what the owner can do or try."""
    story: tuple[str, ...] = ("buy", "sell")
    """What happens to a fresh buyer, in lines of `sniper_sdk.zoo.story`."""
    fooled: Fooled | None = None

    @property
    def trap(self) -> bool:
        """Whether it is made to take a buyer's money."""
        return self.label is Label.TRAP

    @property
    def lines(self) -> tuple[Line, ...]:
        """The story, read; raises `UnknownLine`."""
        return tuple(read_line(text) for text in self.story)

    @property
    def binds(self) -> Binds | None:
        """From when on it holds its buyers, which follows from what comes before the first harm in its story."""
        if not self.trap:
            return None
        before: list[Line] = []
        for line in self.lines:
            if line.harms:
                break
            before.append(line)
        acts = [line.act for line in before]
        for act, binds in _BINDING:
            if act in acts:
                return binds
        return Binds.AFTER_TRADES if acts.count(Act.SELL) or acts.count(Act.BUY) > 1 else Binds.AT_ONCE


_BINDING = (
    (Act.DEED, Binds.AFTER_DEED),
    (Act.WAIT_BLOCKS, Binds.AFTER_BLOCKS),
    (Act.WAIT_SECONDS, Binds.AFTER_TIME),
    (Act.OTHERS_BUY, Binds.AFTER_TRADES),
    (Act.OTHERS_SELL, Binds.AFTER_TRADES),
)


@cache
def all() -> tuple[Specimen, ...]:
    """Every specimen, in the order of the index: traps first."""
    document = tomllib.loads(files(__package__).joinpath("index.toml").read_text())
    return tuple(
        msgspec.convert({"contract": _camel(name), **entry, "name": name}, Specimen) for name, entry in document.items()
    )


def traps() -> tuple[Specimen, ...]:
    """Those that are made to take a buyer's money."""
    return tuple(specimen for specimen in all() if specimen.trap)


def look_alikes() -> tuple[Specimen, ...]:
    """Those that are honest, however they look."""
    return tuple(specimen for specimen in all() if not specimen.trap)


def specimen(name: str) -> Specimen:
    """The specimen of that name; raises `UnknownSpecimen`."""
    return _named(name, all(), "specimen")


def trap(name: str) -> Specimen:
    """The trap of that name; raises `UnknownSpecimen`."""
    return _named(name, traps(), "trap")


def honest(name: str) -> Specimen:
    """The honest look-alike of that name; raises `UnknownSpecimen`."""
    return _named(name, look_alikes(), "honest look-alike")


def _named(name: str, among: tuple[Specimen, ...], what: str) -> Specimen:
    for one in among:
        if one.name == name:
            return one
    raise UnknownSpecimen(f"the zoo has no {what} {name!r}; it has {', '.join(one.name for one in among)}")


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
