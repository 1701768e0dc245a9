"""The doors of the futures exchange, as ccxt knocks at them: REST under ``/fapi``, market and private streams."""

from collections.abc import Iterable
from typing import Any

from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, parse
from sniper_sdk.exchange.futures.api import FuturesApi, next_funding
from sniper_sdk.exchange.futures.contract import Contract
from sniper_sdk.exchange.futures.engine import FuturesEngine
from sniper_sdk.exchange.futures.events import ListenKeyExpired
from sniper_sdk.exchange.futures.streams import FuturesStreams
from sniper_sdk.exchange.server import ExchangeServer


class FuturesServer(ExchangeServer):
    """See `ExchangeServer`. Funding is paid at each whole eight hours of the exchange's clock, by `rate`."""

    root = "/fapi/"
    listen_key_path = "/fapi/v1/listenKey"
    streams_at = ("/ws", "/ws/{tail:.*}", "/stream", *(f"/{kind}/ws{tail}" for kind in ("public", "market", "private")
                  for tail in ("", "/{tail:.*}")))  # fmt: skip
    engine: FuturesEngine

    def _open(self, symbols: Iterable[Contract]) -> None:
        self.engine = FuturesEngine(symbols, self.clock.now)
        api = FuturesApi(self.engine, self.limits)
        self._api, self.streams = api, FuturesStreams(api, self.faults)
        self._next_funding = next_funding(self.clock.now())

    def account(self, name: str, *, fee: str = "0.0005", **balances: str) -> Account:
        """A new one, with these balances. ``fee``: of maker and taker, a share."""
        return super().account(name, fee=fee, **balances)

    def ccxt_config(self, account: Account) -> dict[str, Any]:
        """What the constructor of ccxt's ``binanceusdm`` (or ``binance``) is given to come here. Any: ccxt's config."""
        rest = {
            f"fapi{kind}{version}": f"{self.url}/fapi/{version.lower() or 'v1'}"
            for kind in ("Public", "Private")
            for version in ("", "V2", "V3")
        }
        return {
            "apiKey": account.key,
            "secret": account.secret,
            "enableRateLimit": False,
            "options": {
                "defaultType": "swap",
                "fetchMarkets": {"types": ["linear"]},
                "fetchCurrencies": False,
                "fetchMargins": False,
            },
            "urls": {
                "api": {
                    **rest,
                    "sapi": f"{self.url}/sapi/v1",
                    "fapiData": self.url,
                    "ws": {"linear": f"{self.ws_url}/ws"},
                }
            },
        }

    def mark(self, symbol: str, price: str) -> None:
        """The mark price, from now on."""
        self.engine.set_mark(symbol, parse(price))

    def rate(self, symbol: str, share: str) -> None:
        """What holders pay at the next funding, of what they hold; negative: they are paid."""
        sign, share = (-1, share[1:]) if share.startswith("-") else (1, share)
        self.engine.rates[symbol] = sign * parse(share) * (10**9 // UNIT)

    def tick(self) -> None:
        """Bring markets, funding, deliveries and streams to the present."""
        now = self.clock.now()
        for name, contract in self.engine.contracts.items():
            if contract.delivery_ms and now >= contract.delivery_ms * 10**6 and not self.engine.market(name).halted:
                self.engine.deliver(name)
        if now >= self._next_funding:
            self._next_funding = next_funding(now)
            for name, contract in self.engine.contracts.items():
                if not contract.delivery_ms:
                    self.engine.fund(name)
        super().tick()

    def _listen_key_of(self, given: dict[str, str], account: Account) -> str:
        """It is the account's one, whatever the request says."""
        return self.listen_keys.of(account.name)

    def _expired(self, listen_key: str, account: str) -> None:
        found = self.engine.ledger.accounts[account]
        self.engine.tell(ListenKeyExpired(found, listen_key, self.clock.now()))
        super()._expired(listen_key, account)
