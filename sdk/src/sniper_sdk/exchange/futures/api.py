"""Binance's USD-M futures API: what each request does and costs. Market data are answered as on the spot market."""

from typing import Final

from sniper_sdk.exchange import wire as spot_wire
from sniper_sdk.exchange.accounts import Account
from sniper_sdk.exchange.amounts import UNIT, show
from sniper_sdk.exchange.futures import wire
from sniper_sdk.exchange.futures.algos import Algo, AlgoType
from sniper_sdk.exchange.futures.contract import Contract
from sniper_sdk.exchange.futures.engine import FuturesEngine
from sniper_sdk.exchange.futures.filters import listed
from sniper_sdk.exchange.futures.positions import Position
from sniper_sdk.exchange.limits import Limits
from sniper_sdk.exchange.order import NewOrder, Order, OrderType, Side, TimeInForce
from sniper_sdk.exchange.parameters import Parameters
from sniper_sdk.exchange.refusal import Refused, mandatory
from sniper_sdk.exchange.spot import Answer, Endpoint, Security, SpotApi

FAR_MS: Final = 4_133_404_800_000
"""When a perpetual is delivered, as Binance has it."""
FUNDING_NS: Final = 8 * 3600 * 10**9
_PLAIN: Final = {"LIMIT": OrderType.LIMIT, "MARKET": OrderType.MARKET}


class FuturesApi(SpotApi):
    """Each handler takes who asks, and the parameters; it raises `Refused`."""

    engine: FuturesEngine

    def __init__(self, engine: FuturesEngine, limits: Limits) -> None:
        super().__init__(engine, limits)
        self.engine = engine
        signed = Security.SIGNED
        self.endpoints = [
            Endpoint("GET", "v1/ping", "ping", lambda who, given: {}),
            Endpoint("GET", "v1/time", "time", lambda who, given: {"serverTime": self._now()}),
            Endpoint("GET", "v1/exchangeInfo", "exchangeInfo", self.exchange_info),
            Endpoint("GET", "v1/depth", "depth", self.depth, 5),
            Endpoint("GET", "v1/trades", "trades.recent", self.trades, 5),
            Endpoint("GET", "v1/historicalTrades", "trades.historical", self.trades, 20, Security.KEY),
            Endpoint("GET", "v1/aggTrades", "trades.aggregate", self.aggregate_trades, 20),
            Endpoint("GET", "v1/klines", "klines", self.klines, 5),
            Endpoint("GET", "v1/ticker/24hr", "ticker.24hr", self.ticker),
            Endpoint("GET", "v1/ticker/price", "ticker.price", self.price),
            Endpoint("GET", "v2/ticker/price", "ticker.price.v2", self.price),
            Endpoint("GET", "v1/ticker/bookTicker", "ticker.book", self.book_ticker, 2),
            Endpoint("GET", "v1/premiumIndex", "premiumIndex", self.premium_index),
            Endpoint("GET", "v1/fundingRate", "fundingRate", self.funding_rates),
            Endpoint("GET", "v1/fundingInfo", "fundingInfo", self.funding_info),
            Endpoint("POST", "v1/order", "order.place", self.place, 0, signed, True),
            Endpoint("POST", "v1/order/test", "order.test", self.test, 0, signed),
            Endpoint("GET", "v1/order", "order.status", self.order, 1, signed),
            Endpoint("DELETE", "v1/order", "order.cancel", self.cancel, 1, signed),
            Endpoint("GET", "v1/openOrder", "openOrder", self.open_order, 1, signed),
            Endpoint("GET", "v1/openOrders", "openOrders.status", self.open_orders, 1, signed),
            Endpoint("DELETE", "v1/allOpenOrders", "openOrders.cancelAll", self.cancel_all, 1, signed),
            Endpoint("GET", "v1/allOrders", "allOrders", self.all_orders, 5, signed),
            Endpoint("GET", "v1/userTrades", "myTrades", self.my_trades, 5, signed),
            Endpoint("GET", "v1/forceOrders", "forceOrders", self.force_orders, 20, signed),
            Endpoint("POST", "v1/algoOrder", "algoOrder.place", self.place_algo, 0, signed, True),
            Endpoint("GET", "v1/algoOrder", "algoOrder.status", self.algo, 1, signed),
            Endpoint("DELETE", "v1/algoOrder", "algoOrder.cancel", self.cancel_algo, 1, signed),
            Endpoint("GET", "v1/openAlgoOrders", "openAlgoOrders", self.open_algos, 1, signed),
            Endpoint("GET", "v1/allAlgoOrders", "allAlgoOrders", self.all_algos, 5, signed),
            Endpoint("DELETE", "v1/algoOpenOrders", "algoOpenOrders.cancelAll", self.cancel_algos, 1, signed),
            Endpoint("POST", "v1/leverage", "leverage", self.leverage, 1, signed),
            Endpoint("POST", "v1/marginType", "marginType", self.margin_type, 1, signed),
            Endpoint("POST", "v1/positionMargin", "positionMargin", self.position_margin, 1, signed),
            Endpoint("GET", "v1/leverageBracket", "leverageBracket", self.brackets, 1, signed),
            Endpoint("GET", "v1/symbolConfig", "symbolConfig", self.symbol_config, 5, signed),
            Endpoint("GET", "v1/accountConfig", "accountConfig", self.account_config, 5, signed),
            Endpoint("GET", "v1/positionSide/dual", "positionSide.dual", self.dual, 30, signed),
            Endpoint("POST", "v1/positionSide/dual", "positionSide.set", self.set_dual, 1, signed),
            Endpoint("GET", "v1/commissionRate", "commissionRate", self.commission, 20, signed),
            Endpoint("GET", "v1/income", "income", self.income, 30, signed),
            Endpoint("GET", "v3/balance", "balance", self.balance, 5, signed),
            Endpoint("GET", "v3/account", "account.status", self.account, 5, signed),
            Endpoint("GET", "v3/positionRisk", "positionRisk", self.position_risk, 5, signed),
        ]

    # markets

    def exchange_info(self, who: Account, given: Parameters) -> Answer:
        return {
            "timezone": "UTC",
            "serverTime": self._now(),
            "futuresType": "U_MARGINED",
            "rateLimits": self.limits.listed(),
            "exchangeFilters": [],
            "assets": [
                {"asset": each, "marginAvailable": True, "autoAssetExchange": "0"} for each in self._margin_assets()
            ],
            "symbols": [self._described(each) for each in self.engine.contracts.values()],
        }

    def depth(self, who: Account, given: Parameters) -> Answer:
        return super().depth(who, given) | {"E": self._now(), "T": self._now()}

    def premium_index(self, who: Account, given: Parameters) -> Answer:
        return self._of_one_or_all(given, lambda market: self.premium(market.symbol.name))

    def premium(self, symbol: str) -> dict[str, Answer]:
        """Mark price and next funding."""
        mark = self.engine.mark(symbol)
        return {
            "symbol": symbol,
            "markPrice": show(mark),
            "indexPrice": show(mark),
            "estimatedSettlePrice": show(mark),
            "lastFundingRate": rate_text(self.engine.rates.get(symbol, 0)),
            "interestRate": "0.00010000",
            "nextFundingTime": next_funding(self.engine.now()) // 10**6,
            "time": self._now(),
        }

    def funding_rates(self, who: Account, given: Parameters) -> Answer:
        found = [
            {
                "symbol": each.symbol,
                "fundingTime": spot_wire.ms(each.time),
                "fundingRate": rate_text(each.rate),
                "markPrice": show(each.mark),
            }
            for each in self.engine.fundings
            if given.text("symbol", each.symbol) == each.symbol
        ]
        return found[-min(given.number("limit", 100), 1000) :]

    def funding_info(self, who: Account, given: Parameters) -> Answer:
        return []

    # orders

    def place(self, who: Account, given: Parameters) -> Answer:
        return wire.order(self.engine.place(who, self._asked(given)))

    def test(self, who: Account, given: Parameters) -> Answer:
        self.engine.test(who, self._asked(given))
        return {}

    def order(self, who: Account, given: Parameters) -> Answer:
        return wire.order(self._find(who, given))

    def cancel(self, who: Account, given: Parameters) -> Answer:
        order = self._to_cancel(who, given)
        self.engine.cancel(who, order)
        return wire.order(order)

    def open_order(self, who: Account, given: Parameters) -> Answer:
        found = self._find(who, given)
        if not found.open:
            raise Refused(-2013, "Order does not exist.")
        return wire.order(found)

    def open_orders(self, who: Account, given: Parameters) -> Answer:
        return [wire.order(order) for order in self.engine.open_orders(who, self._symbol(given))]

    def cancel_all(self, who: Account, given: Parameters) -> Answer:
        for order in self.engine.open_orders(who, self._market(given).symbol.name):
            if order.open:
                self.engine.cancel(who, order)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def all_orders(self, who: Account, given: Parameters) -> Answer:
        return [wire.order(each) for each in self._own(who, given)]

    def my_trades(self, who: Account, given: Parameters) -> Answer:
        first, (since, until) = given.number("fromId", 0), self._span(given)
        symbol, order_id = self._symbol(given), given.number("orderId", 0)
        found = [
            wire.user_trade(order, fill)
            for order in self.engine.orders.values()
            if order.account == who.name and symbol in ("", order.asked.symbol) and order_id in (0, order.id)
            for fill in order.fills
            if fill.trade_id >= first and since <= spot_wire.ms(fill.time) <= until
        ]
        found.sort(key=lambda each: (each["time"], int(each["id"])))
        limit = self._limit(given)
        return found[:limit] if first or since else found[-limit:]

    def force_orders(self, who: Account, given: Parameters) -> Answer:
        kinds = {"LIQUIDATION": "liquidation", "ADL": "adl"}
        wanted = {kinds[given.text("autoCloseType")]} if given.text("autoCloseType", "") else set(kinds.values())
        return [wire.order(each) for each in self._own(who, given) if each.asked.origin in wanted]

    # algo orders

    def place_algo(self, who: Account, given: Parameters) -> Answer:
        if given.text("algoType") != "CONDITIONAL":
            raise Refused(-1130, "Invalid algoType.")
        close, reduce = _flag(given, "closePosition"), _flag(given, "reduceOnly")
        kind, quantity = given.choice("type", AlgoType), given.amount("quantity", 0)
        if close and (quantity or reduce):
            raise Refused(-4136, "Target strategy invalid for orderType with closePosition set to true.")
        if not close and not quantity:
            raise mandatory("quantity")
        force = given.text("timeInForce", "GTC")
        now, number = self.engine.now(), self.engine.next_id()
        trailing = kind is AlgoType.TRAILING_STOP_MARKET
        algo = Algo(
            id=number,
            account=who.name,
            client_id=given.client_id("clientAlgoId") or f"algo{number:018d}",
            symbol=self._market(given).symbol.name,
            side=given.choice("side", Side),
            type=kind,
            quantity=quantity,
            price=given.amount("price", 0),
            trigger=given.amount("activatePrice", 0) if trailing else given.amount("triggerPrice"),
            created=now,
            updated=now,
            time_in_force=TimeInForce(force) if force in TimeInForce.__members__ else TimeInForce.GTC,
            post_only=force == "GTX",
            reduce_only=reduce,
            close_position=close,
            by_mark=given.text("workingType", "CONTRACT_PRICE") == "MARK_PRICE",
            callback=given.amount("callbackRate") * 100 // UNIT if trailing else 0,
        )
        return wire.algo(self.engine.place_algo(who, algo))

    def algo(self, who: Account, given: Parameters) -> Answer:
        return wire.algo(self._algo(who, given))

    def cancel_algo(self, who: Account, given: Parameters) -> Answer:
        found = self.engine.cancel_algo(who, self._algo(who, given))
        told = {"algoId": found.id, "clientAlgoId": found.client_id, "code": "200", "msg": "success"}
        return told

    def open_algos(self, who: Account, given: Parameters) -> Answer:
        return [wire.algo(each) for each in self.engine.open_algos(who, self._symbol(given))]

    def all_algos(self, who: Account, given: Parameters) -> Answer:
        symbol = self._market(given).symbol.name
        return [
            wire.algo(each) for each in self.engine.algos.values() if (each.account, each.symbol) == (who.name, symbol)
        ]

    def cancel_algos(self, who: Account, given: Parameters) -> Answer:
        for each in self.engine.open_algos(who, self._market(given).symbol.name):
            self.engine.cancel_algo(who, each)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    # positions and account

    def leverage(self, who: Account, given: Parameters) -> Answer:
        symbol = self._market(given).symbol.name
        found = self.engine.set_leverage(who, symbol, given.number("leverage"))
        return {"symbol": symbol, "leverage": found.leverage, "maxNotionalValue": self._most(found)}

    def margin_type(self, who: Account, given: Parameters) -> Answer:
        wanted = given.text("marginType")
        if wanted not in ("ISOLATED", "CROSSED"):
            raise Refused(-4045, "Invalid margin type.")
        self.engine.set_isolated(who, self._market(given).symbol.name, isolated=wanted == "ISOLATED")
        return {"code": 200, "msg": "success"}

    def position_margin(self, who: Account, given: Parameters) -> Answer:
        amount, kind = given.amount("amount"), given.number("type")
        self.engine.add_margin(who, self._market(given).symbol.name, amount if kind == 1 else -amount)
        return {"amount": show(amount), "code": 200, "msg": "Successfully modify position margin.", "type": kind}

    def brackets(self, who: Account, given: Parameters) -> Answer:
        asked = self._symbol(given)
        return [_bracketed(each) for name, each in self.engine.contracts.items() if asked in ("", name)]

    def symbol_config(self, who: Account, given: Parameters) -> Answer:
        asked = self._symbol(given)
        return [
            {
                "symbol": name,
                "marginType": "CROSSED" if found.isolated is None else "ISOLATED",
                "isAutoAddMargin": False,
                "leverage": found.leverage,
                "maxNotionalValue": self._most(found),
            }
            for name in self.engine.contracts
            if asked in ("", name)
            for found in [self.engine.position(who, name)]
        ]

    def account_config(self, who: Account, given: Parameters) -> Answer:
        return {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": False,
            "dualSidePosition": False,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "tradeGroupId": -1,
        }

    def dual(self, who: Account, given: Parameters) -> Answer:
        return {"dualSidePosition": False}

    def set_dual(self, who: Account, given: Parameters) -> Answer:
        if _flag(given, "dualSidePosition"):
            raise Refused(-1020, "This operation is not supported: hedge mode.")
        raise Refused(-4059, "No need to change position side.")

    def commission(self, who: Account, given: Parameters) -> Answer:
        rates = {"makerCommissionRate": show(who.maker), "takerCommissionRate": show(who.taker)}
        return {"symbol": self._market(given).symbol.name, **rates}

    def income(self, who: Account, given: Parameters) -> Answer:
        asked, kind, (since, until) = self._symbol(given), given.text("incomeType", ""), self._span(given)
        found = [
            wire.income(each)
            for each in self.engine.incomes
            if each.account == who.name
            and asked in ("", each.symbol)
            and kind in ("", each.kind)
            and since <= spot_wire.ms(each.time) <= until
        ]
        return found[: min(given.number("limit", 100), 1000)]

    def balance(self, who: Account, given: Parameters) -> Answer:
        return [
            {
                "accountAlias": "main",
                "asset": asset,
                "balance": show(self.engine.wallet(who, asset)),
                "crossWalletBalance": show(self.engine.cross_wallet(who, asset)),
                "crossUnPnl": show(self.engine.unrealised(who, asset, isolated=False)),
                "availableBalance": show(self.engine.available(who, asset)),
                "maxWithdrawAmount": show(self.engine.available(who, asset)),
                "marginAvailable": True,
                "updateTime": spot_wire.ms(who.updated),
            }
            for asset in self._assets(who)
        ]

    def account(self, who: Account, given: Parameters) -> Answer:
        assets = [self._asset(who, asset) for asset in self._assets(who)]
        return {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": False,
            "updateTime": 0,
            "multiAssetsMargin": False,
            "assets": assets,
            "positions": [self._risk(who, each) for each in self.engine.positions(who)],
        }

    def position_risk(self, who: Account, given: Parameters) -> Answer:
        asked = self._symbol(given)
        return [self._risk(who, each) for each in self.engine.positions(who) if asked in ("", each.symbol)]

    # parts

    def _asked(self, given: Parameters) -> NewOrder:
        named = given.text("type")
        if named in AlgoType.__members__:
            raise Refused(
                -4120,
                "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
            )
        if named not in _PLAIN:
            raise Refused(-1116, "Invalid orderType.")
        if given.text("positionSide", "BOTH") != "BOTH":
            raise Refused(-4061, "Order's position side does not match user's setting.")
        kind, force = _PLAIN[named], given.text("timeInForce", "GTC" if named == "MARKET" else None)
        if force == "GTX" and kind is OrderType.LIMIT:
            kind, force = OrderType.LIMIT_MAKER, "GTC"
        if force not in TimeInForce.__members__:
            raise Refused(-1115, "Invalid timeInForce.")
        price = given.amount("price", 0)
        if kind is OrderType.MARKET and price:
            raise Refused(-1106, "Parameter 'price' sent when not required.")
        return NewOrder(
            symbol=self._market(given).symbol.name,
            side=given.choice("side", Side),
            type=kind,
            quantity=given.amount("quantity"),
            price=price,
            time_in_force=TimeInForce(force),
            client_id=given.client_id("newClientOrderId"),
            reduce_only=_flag(given, "reduceOnly"),
        )

    def _own(self, who: Account, given: Parameters) -> list[Order]:
        symbol, limit = self._symbol(given), self._limit(given)
        first, (since, until) = given.number("orderId", 0), self._span(given)
        own = [
            order
            for order in self.engine.orders.values()
            if order.account == who.name
            and symbol in ("", order.asked.symbol)
            and order.id >= first
            and since <= spot_wire.ms(order.created) <= until
        ]
        return own[:limit] if first or since else own[-limit:]

    def _algo(self, who: Account, given: Parameters) -> Algo:
        number, client_id = given.number("algoId", 0), given.text("clientAlgoId", "")
        for each in reversed(self.engine.algos.values()):
            if each.account == who.name and (each.id == number or (client_id and each.client_id == client_id)):
                return each
        raise Refused(-2013, "Order does not exist.")

    def _symbol(self, given: Parameters) -> str:
        found = given.text("symbol", "")
        return self.engine.market(found).symbol.name if found else ""

    def _margin_assets(self) -> list[str]:
        return sorted({each.quote for each in self.engine.contracts.values()})

    def _assets(self, who: Account) -> list[str]:
        return sorted({*self._margin_assets(), *who.balances})

    def _asset(self, who: Account, asset: str) -> dict[str, Answer]:
        engine = self.engine
        wallet, profit = engine.wallet(who, asset), engine.unrealised(who, asset)
        of = [each for each in engine.positions(who) if engine.contracts[each.symbol].quote == asset]
        margins = [engine.initial(who, name) for name, each in engine.contracts.items() if each.quote == asset]
        position, orders = (sum(each[n] for each in margins) for n in (0, 1))
        return {
            "asset": asset,
            "walletBalance": show(wallet),
            "unrealizedProfit": show(profit),
            "marginBalance": show(wallet + profit),
            "maintMargin": show(sum(engine.maintenance(each) for each in of)),
            "initialMargin": show(position + orders),
            "positionInitialMargin": show(position),
            "openOrderInitialMargin": show(orders),
            "crossWalletBalance": show(engine.cross_wallet(who, asset)),
            "crossUnPnl": show(engine.unrealised(who, asset, isolated=False)),
            "availableBalance": show(engine.available(who, asset)),
            "maxWithdrawAmount": show(engine.available(who, asset)),
            "marginAvailable": True,
            "updateTime": spot_wire.ms(who.updated),
        }

    def _risk(self, who: Account, found: Position) -> dict[str, Answer]:
        engine = self.engine
        asset = engine.contracts[found.symbol].quote
        liquidation = engine.liquidation_price(who, found)
        return wire.position_risk(found, engine.mark(found.symbol), engine.maintenance(found), liquidation, asset)

    def _most(self, found: Position) -> str:
        brackets = self.engine.contracts[found.symbol].brackets
        return show(max(each.cap for each in brackets if each.leverage >= found.leverage))

    def _described(self, contract: Contract) -> dict[str, Answer]:
        halted = self.engine.markets[contract.name].halted
        return {
            "symbol": contract.name,
            "pair": contract.base + contract.quote,
            "contractType": "CURRENT_QUARTER" if contract.delivery_ms else "PERPETUAL",
            "deliveryDate": contract.delivery_ms or FAR_MS,
            "onboardDate": 0,
            "status": "SETTLING" if halted else "TRADING",
            "baseAsset": contract.base,
            "quoteAsset": contract.quote,
            "marginAsset": contract.quote,
            "pricePrecision": _digits(contract.tick),
            "quantityPrecision": _digits(contract.step),
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "underlyingSubType": [],
            "triggerProtect": "0.0500",
            "liquidationFee": show(contract.liquidation_fee),
            "marketTakeBound": "0.05",
            "filters": listed(contract),
            "orderTypes": ["LIMIT", "MARKET", *(each.value for each in AlgoType)],
            "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        }


def next_funding(now: int) -> int:
    """The next whole eight hours, nanoseconds."""
    return (now // FUNDING_NS + 1) * FUNDING_NS


def rate_text(billionths: int) -> str:
    """A rate as a decimal share."""
    return f"{'-' if billionths < 0 else ''}{abs(billionths) // 10**9}.{abs(billionths) % 10**9:09d}"


def _bracketed(contract: Contract) -> dict[str, Answer]:
    """One of ``leverageBracket``: its numbers are numbers, not texts."""
    return {
        "symbol": contract.name,
        "notionalCoef": 1,
        "brackets": [
            {
                "bracket": number,
                "initialLeverage": each.leverage,
                "notionalCap": each.cap // UNIT,
                "notionalFloor": each.floor // UNIT,
                "maintMarginRatio": each.rate / UNIT,
                "cum": each.deduction / UNIT,
            }
            for number, each in enumerate(contract.brackets, 1)
        ],
    }


def _flag(given: Parameters, name: str) -> bool:
    found = given.text(name, "false").lower()
    if found not in ("true", "false"):
        raise Refused(-1130, f"Data sent for parameter '{name}' is not valid.")
    return found == "true"


def _digits(step: int) -> int:
    return len(show(step).partition(".")[2].rstrip("0"))
