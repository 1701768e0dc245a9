from sniper_app_data.check import check
from sniper_app_data.import_ import import_
from sniper_app_data.list_ import list_
from sniper_sdk import AppConformance, PackageConformance


class TestPackage(PackageConformance):
    distribution = "sniper-app-data"


class TestImport(AppConformance):
    command = import_


class TestList(AppConformance):
    command = list_


class TestCheck(AppConformance):
    command = check
