from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_kelly.sizer import Kelly, KellyConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-kelly"


class TestKelly(SizerConformance):
    sizer = Kelly
    config = KellyConfig()
    listed = (instrument(), instrument("binance:ETH/USDT"))


class TestKellyOfBets(SizerConformance):
    sizer = Kelly
    config = KellyConfig(win_bps=5_500, payoff_bps=12_000, loss_bps=2_000)
