"""Runs freqtrade's own backtest, in freqtrade's own environment, without a network: it reads jobs and writes trades.

    python run_freqtrade.py JOBS.json RESULTS.json

What is timed, in seconds of CPU, is the backtest itself: columns, signals, trades. Candles were loaded before.
Its exchange is ccxt's class with markets that the job names; everything else is freqtrade as it is installed.
"""

import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from freqtrade.data.history import get_datahandler
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting

FIELDS = (
    *("pair", "open_date", "close_date", "open_rate", "close_rate", "amount", "stake_amount", "profit_abs"),
    *("profit_ratio", "exit_reason", "enter_tag", "is_short", "leverage", "stop_loss_abs", "initial_stop_loss_abs"),
)


def market(pair, tick, lot, least_amount, least_value):
    base, quote = pair.split("/")
    return {
        "id": base + quote,
        "symbol": pair,
        "base": base,
        "quote": quote,
        "active": True,
        "spot": True,
        "swap": False,
        "future": False,
        "linear": None,
        "type": "spot",
        "contract": False,
        "contractSize": None,
        "taker": 0.001,
        "maker": 0.001,
        "precision": {"price": tick, "amount": lot},
        "limits": {
            "amount": {"min": least_amount, "max": None},
            "cost": {"min": least_value, "max": None},
            "price": {"min": None, "max": None},
            "leverage": {"min": None, "max": None},
        },
        "info": {},
    }


COLUMNS = ["date", "open", "high", "low", "close", "volume"]


def frame(rows, tick):
    """Of rows, or of a file of numpy's with their columns."""
    if isinstance(rows, str):
        with np.load(rows) as columns:
            found = pd.DataFrame({name: columns[name] for name in COLUMNS})
    else:
        found = pd.DataFrame(rows, columns=COLUMNS)
    found["date"] = pd.to_datetime(found["date"], unit="ms", utc=True)
    for name in ("open", "high", "low", "close"):
        found[name] = found[name] / tick
    found["volume"] = found["volume"].astype(float)
    return found


def run(job, markets):
    def reload(self, force=False, *, load_leverage_tiers=True):
        self._markets = {pair: market(pair, *each) for pair, each in markets.items()}
        self._api.set_markets(list(self._markets.values()))
        self._api_async.set_markets(list(self._markets.values()))
        self._last_markets_refresh = int(time.time() * 1000)

    Exchange.reload_markets = reload
    config = {
        "stake_currency": job["currency"],
        "dry_run": True,
        "dry_run_wallet": job["cash"],
        "stake_amount": job["stake"],
        "max_open_trades": job["slots"],
        "tradable_balance_ratio": 0.99,
        "fee": job["fee"],
        "exchange": {"name": "binance", "pair_whitelist": job["pairs"], "pair_blacklist": [], "key": "", "secret": ""},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "other", "use_order_book": False},
        "exit_pricing": {"price_side": "other", "use_order_book": False},
        "unfilledtimeout": job["timeouts"],
        "strategy": job["strategy"],
        "strategy_path": job["path"],
        "datadir": Path(job["data"]),
        "user_data_dir": Path(job["data"]),
        "dataformat_ohlcv": "feather",
        "runmode": RunMode.BACKTEST,
        "export": "none",
        "exportfilename": None,
        "position_stacking": job["stacking"],
        "enable_protections": True,
        "trading_mode": "spot",
        "margin_mode": "",
        "candle_type_def": CandleType.SPOT,
        "backtest_cache": "none",
        "recursive_strategy_search": False,
        "internals": {},
        "original_config": {},
        "timeout": 10,
        "cancel_open_orders_on_exit": False,
    }
    backtesting = Backtesting(config)
    try:
        strategy = backtesting.strategylist[0]
        backtesting._set_strategy(strategy)
        data, timerange = backtesting.load_bt_data()
        begun = time.process_time()
        backtesting.backtest_one_strategy(strategy, data, timerange)
        took = time.process_time() - begun
        results = backtesting.all_bt_content[strategy.get_strategy_name()]["results"]
    finally:
        backtesting.cleanup()
    trades = []
    for _, row in results.iterrows():
        trade = {name: row[name] for name in FIELDS}
        for name in ("open_date", "close_date"):
            trade[name] = int(trade[name].timestamp() * 1000)
        trade["enter_tag"] = trade["enter_tag"] or ""
        trade["orders"] = [
            [order["ft_is_entry"], order["amount"], order["safe_price"], order["order_filled_timestamp"]]
            for order in row["orders"]
        ]
        trades.append(trade)
    return {"trades": trades, "cpu": took}


def main():
    jobs = json.loads(Path(sys.argv[1]).read_text())
    logging.disable(logging.CRITICAL if "--debug" not in sys.argv else logging.NOTSET)
    if "--debug" in sys.argv:
        logging.basicConfig(level=logging.INFO)
    found = {}
    for name, job in jobs["jobs"].items():
        with tempfile.TemporaryDirectory() as directory:
            job["data"] = directory
            store = get_datahandler(Path(directory), "feather")
            for each in job["candles"]:
                pair, timeframe, data = each
                rows, tick = jobs["candles"][data]
                store.ohlcv_store(pair, timeframe, frame(rows, tick), CandleType.SPOT)
            found[name] = run(job, jobs["markets"])
    Path(sys.argv[2]).write_text(json.dumps(found, default=float))


main()
