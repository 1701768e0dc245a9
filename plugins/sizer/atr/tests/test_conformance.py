from sniper_sdk import PackageConformance, SizerConformance
from sniper_sdk.builders import instrument
from sniper_sizer_atr.sizer import Atr, AtrConfig


class TestPackage(PackageConformance):
    distribution = "sniper-sizer-atr"


class TestAtr(SizerConformance):
    sizer = Atr
    config = AtrConfig(risk_bps=50)
    listed = (instrument(), instrument("binance:ETH/USDT"))
