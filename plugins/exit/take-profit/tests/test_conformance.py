from sniper_exit_take_profit.rule import Rung, TakeProfit, TakeProfitConfig
from sniper_sdk import ExitConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-exit-take-profit"


class TestTakeProfit(ExitConformance):
    exit = TakeProfit
    config = TakeProfitConfig()


class TestUnevenLadder(ExitConformance):
    exit = TakeProfit
    config = TakeProfitConfig(rungs=(Rung(gain_bps=1, share_bps=1), Rung(gain_bps=2, share_bps=3333)))
