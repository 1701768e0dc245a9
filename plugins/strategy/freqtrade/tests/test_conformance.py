from pathlib import Path

from sniper_sdk import AppConformance, PackageConformance, StrategyConformance, TradingConformance
from sniper_sdk.builders import POOL, TOKEN
from sniper_strategy_freqtrade.import_ import import_
from sniper_strategy_freqtrade.pools import FreqtradePools, FreqtradePoolsConfig
from sniper_strategy_freqtrade.strategy import Freqtrade, FreqtradeConfig

STRATEGIES = Path(__file__).parent / "strategies"


class TestPackage(PackageConformance):
    distribution = "sniper-strategy-freqtrade"


class TestImport(AppConformance):
    command = import_


class TestTrading(TradingConformance):
    strategy = Freqtrade
    config = FreqtradeConfig(file=STRATEGIES / "minutes.py", instruments=("binance:BTC/USDT",), capital="100000")
    rounds = 60
    histories = 2
    max_steps = 3_000_000  # most of them are pandas' own: a frame is computed anew at the end of each candle


class TestPools(StrategyConformance):
    strategy = FreqtradePools
    config = FreqtradePoolsConfig(
        file=STRATEGIES / "seconds.py", strategy="RisingByHour", pools={TOKEN: POOL}, capital="1 ether", check_s=1
    )
    examples = 8
    max_steps = 3_000_000  # as above
