"""The API of the core breaks no plugin without a word."""

import importlib

import pytest
from packaging.version import Version

from sniper.errors import PluginError
from sniper_sdk.compat.changes import unannounced
from sniper_sdk.compat.model import api_of, dumped, frozen, series
from sniper_sdk.compat.reading import installed_api
from sniper_sdk.compat.stable import stable


def test_nothing_that_plugins_rely_on_changed_without_a_word() -> None:
    new, last = installed_api(), api_of(frozen()[-1])
    broken = unannounced(last, new, stable().deprecated)
    assert not broken, "\n".join(
        [
            f"plugins written for sniper-core {last.version} break; deprecate first (docs/compatibility.md), or keep:",
            *(f"  {change.name} {change.what}" for change in broken),
        ]
    )


def test_what_is_called_stable_is_there() -> None:
    assert set(installed_api().modules) == set(stable().modules)


@pytest.mark.parametrize("module", stable().modules)
def test_what_was_read_from_the_source_is_what_can_be_imported(module: str) -> None:
    loaded = importlib.import_module(module)
    missing = [name for name in installed_api().modules[module] if not hasattr(loaded, name)]
    assert not missing
    exported = set(getattr(loaded, "__all__", ()))
    assert exported <= set(installed_api().modules[module])


def test_each_name_leads_to_a_definition() -> None:
    api = installed_api()
    for module, names in api.modules.items():
        for name, found in names.items():
            if found.kind != "from" or found.text.startswith("sniper."):
                assert api.find(f"{module}.{name}") is not None, f"{module}.{name} leads nowhere"


def test_what_is_deprecated_is_there_until_it_goes() -> None:
    api = installed_api()
    for each in stable().deprecated:
        assert series(each.goes) > series(each.since), f"{each.name} must stay for one minor version at least"
        if Version(api.version) < Version(each.goes):
            owner = each.name.rpartition(".")[0]
            assert api.find(each.name) or each.name.rpartition(".")[2] in api.members(owner), (
                f"{each.name} is gone early"
            )


def test_a_kept_api_is_read_back_as_it_was_written() -> None:
    import msgspec

    api = installed_api()
    assert msgspec.json.decode(dumped(api), type=type(api)) == api
    with pytest.raises(PluginError, match=r"is not kept here; there are 0\.1\.0"):
        api_of("9.9.9")


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.1.0", (0, 1)), ("0.1.7", (0, 1)), ("0.2.0.dev1", (0, 2)), ("1.4.2", (1,)), ("2", (2,))],
)
def test_a_series_is_what_may_not_break_within(version: str, expected: tuple[int, ...]) -> None:
    assert series(version) == expected
