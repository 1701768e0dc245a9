from sniper_app_portfolio.command import portfolio
from sniper_sdk import AppConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-portfolio"


class TestPortfolio(AppConformance):
    command = portfolio
