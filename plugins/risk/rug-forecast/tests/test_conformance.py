from sniper_risk_rug_forecast.check import RugForecast, RugForecastConfig
from sniper_risk_rug_forecast.command import measure, show, train
from sniper_sdk import AppConformance, PackageConformance, RiskConformance


class TestPackage(PackageConformance):
    distribution = "sniper-risk-rug-forecast"


class TestRugForecast(RiskConformance):
    check = RugForecast
    config = RugForecastConfig()


class TestTrain(AppConformance):
    command = train


class TestMeasure(AppConformance):
    command = measure


class TestShow(AppConformance):
    command = show
