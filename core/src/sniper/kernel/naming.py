"""What sources call things, and what it is here: tokens, assets and instruments that this run knows.

What a token calls itself is not asked: anyone can make one that is called like another. On chains a symbol means what
the config says that it means, and an address is itself.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sniper.kernel.exchange.tickers import Tickers
from sniper.kernel.market import Market
from sniper.types import asset_id

MOST_NAMES: Final = 32
"""Assets, and instruments, that one signal is about at most."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


class Named(NamedTuple):
    """``code``: the one name by which sources agree on it."""

    code: str
    assets: frozenset[str] = frozenset()
    instruments: frozenset[str] = frozenset()


class Naming:
    """``symbols``: by symbol in capitals, the ids that the config gives for it."""

    def __init__(self, symbols: Mapping[str, tuple[str, ...]], market: Market, tickers: Tickers) -> None:
        self._symbols = symbols
        self._codes = {id_: symbol for symbol, ids in sorted(symbols.items(), reverse=True) for id_ in ids}
        self._market = market
        self._tickers = tickers
        self._index: dict[str, tuple[str, ...]] = {}
        self._indexed = 0

    def canonical(self, name: str) -> str:
        """The same for all names of the same thing, as far as this run knows."""
        return self._named(name).code

    def found(self, names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Asset ids and instrument ids of what is called so, sorted."""
        assets: set[str] = set()
        instruments: set[str] = set()
        for name in names:
            named = self._named(name)
            assets |= named.assets
            instruments |= named.instruments
        return tuple(sorted(assets)), tuple(sorted(instruments))

    def _named(self, name: str) -> Named:
        place, colon, rest = name.partition(":")
        if colon and place.isascii() and place.isdecimal():
            asset = asset_id(int(place), rest.lower())
            return Named(self._codes.get(asset, asset), frozenset((asset,) if _ADDRESS.fullmatch(rest) else ()))
        if _ADDRESS.fullmatch(name):
            return self._address(name.lower())
        if colon and "/" not in place:
            return self._traded(rest.upper(), place.lower())
        traded = self._traded(name.upper())
        assets, instruments = self.found(self._symbols.get(traded.code, ()))
        return Named(traded.code, traded.assets.union(assets), traded.instruments.union(instruments))

    def _address(self, address: str) -> Named:
        """On the chains that know such a token; on the only chain, where none does."""
        chains = self._market.chains
        at = [chain_id for chain_id in sorted(chains) if address in chains[chain_id].tokens]
        assets = [asset_id(chain_id, address) for chain_id in at or (chains if len(chains) == 1 else ())]
        code = next((self._codes[asset] for asset in assets if asset in self._codes), address)
        return Named(code, frozenset(assets))

    def _traded(self, wanted: str, venue: str = "") -> Named:
        """What exchanges trade under a code or symbol in capitals: ``BTC``, ``BTC/USDT`` or ``BTCUSDT``."""
        known = self._tickers.known
        if self._indexed != len(known):
            self._reindex()
        found = [known[id_].instrument for id_ in self._index.get(wanted, ())]
        here = [instrument for instrument in found if venue in ("", instrument.venue.lower())]
        code = _code(here[0].base) if here else wanted.partition("/")[0]
        return Named(code, frozenset(each.base for each in here), frozenset(each.id for each in here))

    def _reindex(self) -> None:
        index: dict[str, list[str]] = {}
        for id_ in sorted(self._tickers.known):
            instrument = self._tickers.known[id_].instrument
            base, quote = _code(instrument.base), _code(instrument.quote)
            for key in {base, base + quote, f"{base}/{quote}", instrument.symbol.upper()}:
                index.setdefault(key, []).append(id_)
        self._index = {key: tuple(ids) for key, ids in index.items()}
        self._indexed = len(self._tickers.known)


def _code(asset: str) -> str:
    return asset.partition(":")[2].upper()
