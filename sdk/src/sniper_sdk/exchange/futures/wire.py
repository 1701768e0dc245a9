"""Orders, positions and account updates as the JSON of Binance's USD-M futures has them."""

from sniper_sdk.exchange.amounts import UNIT, show
from sniper_sdk.exchange.events import Execution, Report
from sniper_sdk.exchange.futures.algos import Algo
from sniper_sdk.exchange.futures.events import AccountChanged, AlgoReport, LeverageChanged, ListenKeyExpired
from sniper_sdk.exchange.futures.positions import Income, Position
from sniper_sdk.exchange.order import Fill, Order, OrderType
from sniper_sdk.exchange.wire import Json, ms


def kind(order: Order) -> tuple[str, str]:
    """Type and time in force: what may only rest is a limit order that is good till crossing."""
    if order.asked.type is OrderType.LIMIT_MAKER:
        return "LIMIT", "GTX"
    if order.asked.origin == "liquidation":
        return "LIQUIDATION", "IOC"
    return order.asked.type.value, order.asked.time_in_force.value


def average(order: Order) -> int:
    """The average price of its fills."""
    return order.quote_executed * UNIT // order.executed if order.executed else 0


def order(found: Order) -> Json:
    """One order, as all requests tell it."""
    asked, (type_, in_force) = found.asked, kind(found)
    return {
        "orderId": found.id,
        "symbol": asked.symbol,
        "status": found.status.value,
        "clientOrderId": found.client_id,
        "price": show(asked.price),
        "avgPrice": show(average(found)),
        "origQty": show(asked.quantity),
        "executedQty": show(found.executed),
        "cumQty": show(found.executed),
        "cumQuote": show(found.quote_executed),
        "timeInForce": in_force,
        "type": type_,
        "reduceOnly": asked.reduce_only,
        "closePosition": asked.close_position,
        "side": asked.side.value,
        "positionSide": "BOTH",
        "stopPrice": show(0),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": asked.origin if asked.origin.isupper() else type_,
        "priceMatch": "NONE",
        "selfTradePreventionMode": asked.self_trade.value,
        "goodTillDate": 0,
        "time": ms(found.created),
        "updateTime": ms(found.updated),
    }


def algo(found: Algo) -> Json:
    """One algo order."""
    return {
        "algoId": found.id,
        "clientAlgoId": found.client_id,
        "algoType": "CONDITIONAL",
        "orderType": found.type.value,
        "symbol": found.symbol,
        "side": found.side.value,
        "positionSide": "BOTH",
        "timeInForce": "GTX" if found.post_only else found.time_in_force.value,
        "quantity": show(found.quantity),
        "algoStatus": found.status.value,
        "actualOrderId": str(found.order_id) if found.order_id else "",
        "actualPrice": show(0),
        "triggerPrice": show(found.trigger),
        "price": show(found.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": "MARK_PRICE" if found.by_mark else "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "closePosition": found.close_position,
        "priceProtect": False,
        "reduceOnly": found.reduce_only,
        "createTime": ms(found.created),
        "updateTime": ms(found.updated),
        "triggerTime": ms(found.updated) if found.order_id else 0,
        "goodTillDate": 0,
    } | _trailing(found)


def _trailing(found: Algo) -> Json:
    if not found.callback:
        return {}
    return {"activatePrice": show(found.trigger), "callbackRate": show(found.callback * UNIT // 100)}


def user_trade(found: Order, fill: Fill) -> Json:
    """One of ``userTrades``."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "side": fill.side.value,
        "price": show(fill.price),
        "qty": show(fill.quantity),
        "realizedPnl": show(fill.profit),
        "quoteQty": show(fill.quote),
        "commission": show(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": ms(fill.time),
        "positionSide": "BOTH",
        "buyer": fill.side.value == "BUY",
        "maker": fill.maker,
    }


def position_risk(found: Position, mark: int, maintenance: int, liquidation: int, asset: str) -> Json:
    """One of ``positionRisk``, as v3 has it."""
    notional, profit = found.notional(mark), found.unrealised(mark)
    isolated = found.isolated if found.isolated is not None else 0
    return {
        "symbol": found.symbol,
        "positionSide": "BOTH",
        "positionAmt": show(found.amount),
        "entryPrice": show(found.entry),
        "breakEvenPrice": show(found.entry),
        "markPrice": show(mark),
        "unRealizedProfit": show(profit),
        "liquidationPrice": show(liquidation),
        "isolatedMargin": show(isolated + profit if found.isolated is not None else 0),
        "notional": show(notional),
        "marginAsset": asset,
        "isolatedWallet": show(isolated),
        "initialMargin": show(-(-abs(notional) // found.leverage)),
        "maintMargin": show(maintenance),
        "positionInitialMargin": show(-(-abs(notional) // found.leverage)),
        "openOrderInitialMargin": show(0),
        "adl": 1,
        "bidNotional": show(0),
        "askNotional": show(0),
        "updateTime": ms(found.updated),
    }


def income(found: Income) -> Json:
    """One of ``income``."""
    return {
        "symbol": found.symbol,
        "incomeType": found.kind,
        "income": show(found.amount),
        "asset": found.asset,
        "info": found.kind,
        "time": ms(found.time),
        "tranId": found.id,
        "tradeId": str(found.trade_id) if found.trade_id else "",
    }


# user streams


def order_event(found: Report) -> Json:
    """``ORDER_TRADE_UPDATE``."""
    placed, fill, (type_, in_force) = found.order, found.fill, kind(found.order)
    forced = placed.asked.origin == "liquidation" and found.execution is Execution.TRADE
    told: Json = {
        "s": placed.asked.symbol,
        "c": placed.client_id,
        "S": placed.asked.side.value,
        "o": type_,
        "f": in_force,
        "q": show(placed.asked.quantity),
        "p": show(placed.asked.price),
        "ap": show(found.quote_executed * UNIT // found.executed if found.executed else 0),
        "sp": show(0),
        "x": "CALCULATED" if forced else found.execution.value,
        "X": found.status.value,
        "i": placed.id,
        "l": show(fill.quantity if fill else 0),
        "z": show(found.executed),
        "L": show(fill.price if fill else 0),
        "T": ms(found.time),
        "t": fill.trade_id if fill else 0,
        "b": show(0),
        "a": show(0),
        "m": bool(fill and fill.maker),
        "R": placed.asked.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": placed.asked.origin if placed.asked.origin.isupper() else type_,
        "ps": "BOTH",
        "cp": placed.asked.close_position,
        "rp": show(fill.profit if fill else 0),
        "V": placed.asked.self_trade.value,
        "pm": "NONE",
        "gtd": 0,
    }
    if fill is not None:
        told |= {"N": fill.fee_asset, "n": show(fill.fee)}
    return {"e": "ORDER_TRADE_UPDATE", "E": ms(found.time), "T": ms(found.time), "o": told}


def account_event(found: AccountChanged) -> Json:
    """``ACCOUNT_UPDATE``."""
    balances = [
        {"a": asset, "wb": show(wallet), "cw": show(cross), "bc": show(paid)}
        for asset, wallet, cross, paid in found.assets
    ]
    positions = [
        {
            "s": each.symbol,
            "pa": show(each.amount),
            "ep": show(each.entry),
            "bep": show(each.entry),
            "cr": show(each.realised),
            "up": show(profit),
            "mt": "cross" if each.isolated is None else "isolated",
            "iw": show(each.isolated or 0),
            "ps": "BOTH",
        }
        for each, profit in found.positions
    ]
    update = {"m": found.reason, "B": balances, "P": positions}
    return {"e": "ACCOUNT_UPDATE", "E": ms(found.time), "T": ms(found.time), "a": update}


def leverage_event(found: LeverageChanged) -> Json:
    """``ACCOUNT_CONFIG_UPDATE``."""
    changed = {"s": found.symbol, "l": found.leverage}
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": ms(found.time), "T": ms(found.time), "ac": changed}


def algo_event(found: AlgoReport) -> Json:
    """``ALGO_UPDATE``."""
    each = found.algo
    told = {
        "caid": each.client_id,
        "aid": each.id,
        "at": "CONDITIONAL",
        "o": each.type.value,
        "s": each.symbol,
        "S": each.side.value,
        "ps": "BOTH",
        "f": "GTX" if each.post_only else each.time_in_force.value,
        "q": show(each.quantity),
        "X": each.status.value,
        "ai": str(each.order_id) if each.order_id else "",
        "ap": show(0),
        "aq": show(0),
        "act": "",
        "tp": show(each.trigger),
        "p": show(each.price),
        "V": "EXPIRE_MAKER",
        "wt": "MARK_PRICE" if each.by_mark else "CONTRACT_PRICE",
        "pm": "NONE",
        "cp": each.close_position,
        "pP": False,
        "R": each.reduce_only,
        "tt": 0,
        "gtd": 0,
        "rm": each.failed,
    }
    return {"e": "ALGO_UPDATE", "E": ms(found.time), "T": ms(found.time), "o": told}


def expired_event(found: ListenKeyExpired) -> Json:
    """``listenKeyExpired``."""
    return {"e": "listenKeyExpired", "E": ms(found.time), "listenKey": found.listen_key}
