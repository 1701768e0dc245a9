"""The catalogue over real distributions on disk."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from sniper.catalogue import CONTRACTS, Catalogue, _met, config_model
from sniper.config import Config
from sniper.errors import PluginError
from sniper.specs import Spec

SIZER = """
from sniper import SizerSpec, hookimpl

@hookimpl
def sniper_sizers():
    return [SizerSpec(name="{name}", summary="A sizer", factory="{package}.sizer:Half")]
"""

HALF = """
from sniper.sizer import Config, Sizer

class HalfConfig(Config):
    share: int = 5_000

class Half(Sizer):
    config: HalfConfig

    def size(self, intent, quote, view):
        return 1
"""


def sizer(distribution: str, name: str = "half") -> str:
    return SIZER.format(name=name, package=distribution.replace("-", "_"))


def only_problem(disable: tuple[str, ...] = ()) -> str:
    found = Catalogue.survey(disable)
    assert len(found.problems) == 1, found.problems
    return found.problems[0].message


def test_a_plugin_is_found_with_where_it_came_from(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"), version="2.3")
    (extension,) = Catalogue.discover().extensions
    assert extension.id == "sizer.half"
    assert extension.origin.distribution == "acme-half"
    assert extension.origin.version == "2.3"
    assert extension.origin.location == str(installation.site)
    assert not extension.origin.editable
    assert not extension.origin.first_party


def test_an_editable_installation_is_found_at_its_source(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    origin = {"url": "file:///src/acme%20half", "dir_info": {"editable": True}}
    (installation.site / "acme_half-0.dist-info/direct_url.json").write_text(json.dumps(origin))
    (extension,) = Catalogue.discover().extensions
    assert extension.origin.editable
    assert extension.origin.location == "/src/acme half"


def test_only_the_header_of_the_metadata_counts(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"), version="2.3")
    with (installation.site / "acme_half-0.dist-info/METADATA").open("a") as metadata:
        metadata.write("Summary: Half: of it\n\n# acme-half\n\nVersion: 9\nRequires-Dist: sniper-core>=99\n")
    (extension,) = Catalogue.discover().extensions
    assert extension.origin.version == "2.3"


def test_a_distribution_without_a_name_is_said_to_be_damaged(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    (installation.site / "acme_half-0.dist-info/METADATA").write_text("")
    with pytest.raises(PluginError, match=f"{installation.site} lacks name or version; reinstall"):
        Catalogue.survey()


def test_what_is_installed_upgraded_and_removed_is_seen_at_once(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"), version="1.0")
    assert [each.origin.version for each in Catalogue.survey().extensions] == ["1.0"]
    metadata = installation.site / "acme_half-0.dist-info/METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))
    assert [each.origin.version for each in Catalogue.survey().extensions] == ["1.1"]
    installation.plugin("acme-new", sizer("acme-new", "new"))
    assert [each.id for each in Catalogue.survey().extensions] == ["sizer.half", "sizer.new"]
    metadata.with_name("entry_points.txt").unlink()
    assert [each.id for each in Catalogue.survey().extensions] == ["sizer.new"]


def test_extensions_are_ordered_by_kind_and_name_whoever_brings_them(installation: Any) -> None:
    installation.plugin("acme-z", sizer("acme-z", "alpha"))
    installation.plugin("acme-a", sizer("acme-a", "zulu"))
    exits = sizer("acme-m", "mike").replace("SizerSpec", "ExitSpec").replace("sniper_sizers", "sniper_exits")
    installation.plugin("acme-m", exits)
    assert [each.id for each in Catalogue.discover().extensions] == ["exit.mike", "sizer.alpha", "sizer.zulu"]


def test_discovery_imports_nothing_that_a_spec_names(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"), sizer=HALF)
    catalogue = Catalogue.discover()
    assert "acme_half.sizer" not in sys.modules
    cls = catalogue.load(catalogue.spec("sizer", "half"))
    assert cls.__name__ == "Half"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def sniper_sizer():\n    return []", "did you mean 'sniper_sizers'"),
        ("def sniper_sizers():\n    return []", "put @sniper.hookimpl above it"),
        ("from sniper import hookimpl\n@hookimpl\ndef sizers():\n    return []", "unknown hook 'sizers'"),
        ("from sniper import hookimpl\n@hookimpl\ndef sniper_sizers(config):\n    return []", "config"),
        ("from sniper import hookimpl\n@hookimpl\ndef sniper_sizers():\n    return None", "raised TypeError"),
        (
            "from sniper import hookimpl\n@hookimpl\ndef sniper_sizers():\n    return ['half']",
            "return a list of SizerSpec",
        ),
        (
            "from sniper import hookimpl\n@hookimpl(wrapper=True)\ndef sniper_sizers():\n    return (yield)",
            "wraps the answers",
        ),
        ("raise RuntimeError('no luck')", "cannot be imported: RuntimeError: no luck"),
        ("import sys\nsys.exit(3)", "cannot be imported: SystemExit: 3"),
        (sizer("acme-half").replace("SizerSpec(", "SizerSpec(permissions=3, "), "permissions"),
        (sizer("acme-half", "Half_Size"), "not kebab-case"),
        (sizer("acme-half").replace(":Half", ".Half"), "not of the form"),
        (sizer("acme-other"), "outside of acme_half"),
    ],
)
def test_a_broken_plugin_is_left_out_with_its_name_and_the_reason(
    installation: Any, source: str, complaint: str
) -> None:
    installation.plugin("acme-half", source)
    installation.plugin("acme-whole", sizer("acme-whole", "whole"))
    message = only_problem()
    assert message.startswith("acme-half 1.0: ")
    assert complaint in message
    assert [each.id for each in Catalogue.discover().extensions] == ["sizer.whole"]


def test_a_broken_first_party_plugin_stops_the_start_but_can_be_disabled(installation: Any) -> None:
    installation.core(first_party=["acme-half"])
    installation.plugin("acme-half", "raise RuntimeError('no luck')")
    with pytest.raises(PluginError, match=r"acme-half 1\.0.*no luck.*disable = \['acme-half'\]"):
        Catalogue.discover()
    assert Catalogue.survey().problems[0].stops
    assert Catalogue.discover(["acme-half"]).extensions == ()


def test_only_the_core_says_who_is_first_party(installation: Any) -> None:
    installation.core(first_party=["Acme_Half"])
    installation.plugin("acme-half", sizer("acme-half"))
    installation.plugin("acme-whole", sizer("acme-whole", "whole"))
    standing = {each.origin.distribution: each.origin.first_party for each in Catalogue.discover().extensions}
    assert standing == {"acme-half": True, "acme-whole": False}


@pytest.mark.parametrize(
    ("requirement", "fits"),
    [
        ("sniper-core>=0.1,<0.2", True),
        ("sniper_core>=0.3", False),
        ("sniper-core-extras>=9", True),
        ('sniper-core>=9; extra == "test"', True),
        ("sniper-core<0.1", False),
    ],
)
def test_a_plugin_for_another_core_is_left_out_before_it_is_imported(
    installation: Any, requirement: str, fits: bool
) -> None:
    installation.plugin("acme-half", sizer("acme-half"), requires=[requirement])
    found = Catalogue.survey()
    assert [each.id for each in found.extensions] == (["sizer.half"] if fits else [])
    assert ("acme_half" in sys.modules) is fits
    if not fits:
        assert f"acme-half 1.0 requires {requirement}, but sniper-core is 0.1.0; upgrade" in found.problems[0].message


def test_two_plugins_of_one_name_stop_the_start_until_one_is_disabled(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    installation.plugin("evil-half", sizer("evil-half"))
    with pytest.raises(PluginError, match=r"acme-half 1\.0 and evil-half 1\.0 both offer sizer\.half.*uninstall"):
        Catalogue.discover()
    assert Catalogue.survey().extensions == ()
    (left,) = Catalogue.discover(["evil-half"]).extensions
    assert left.origin.distribution == "acme-half"


def test_one_distribution_that_repeats_a_name_stops_the_start(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half").replace("[SizerSpec", "2 * [SizerSpec"))
    with pytest.raises(PluginError, match=r"sizer\.half"):
        Catalogue.discover()


def test_what_is_disabled_is_listed_apart_and_cannot_be_asked_for(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    found = Catalogue.discover(["sizer.half", "sizer.hafl"])
    assert found.extensions == ()
    assert [each.id for each in found.disabled] == ["sizer.half"]
    assert found.unused == ("sizer.hafl",)
    with pytest.raises(PluginError, match="disabled"):
        found.spec("sizer", "half")


def test_a_disabled_distribution_is_never_imported(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    found = Catalogue.discover(["acme-half"])
    assert found.extensions == ()
    assert found.unused == ()
    assert "acme_half" not in sys.modules


def test_asking_for_what_is_not_there_says_what_is(installation: Any) -> None:
    installation.plugin("acme-half", sizer("acme-half"))
    found = Catalogue.discover()
    with pytest.raises(PluginError, match=r"no sizer is called 'haff'; did you mean 'half'.*sniper-sizer-haff"):
        found.spec("sizer", "haff")
    with pytest.raises(PluginError, match=r"no kind of plugin 'sizzer'; did you mean 'sizer'"):
        found.spec("sizzer", "half")


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("", "cannot be imported: AttributeError"),
        ("import nothing_of_this_name", "cannot be imported: ModuleNotFoundError"),
        ("class Half: pass", "is no subclass of sniper.sizer.Sizer"),
        ("Half = 3", "is no subclass of sniper.sizer.Sizer"),
        ("from sniper.sizer import Sizer\nclass Half(Sizer): pass", "demands: size; add it"),
    ],
)
def test_a_class_that_does_not_keep_to_its_contract_is_refused(installation: Any, module: str, complaint: str) -> None:
    installation.plugin("acme-half", sizer("acme-half"), sizer=module)
    found = Catalogue.discover()
    with pytest.raises(PluginError, match=f"^acme-half 1.0: sizer 'half': .*{complaint}"):
        found.load(found.spec("sizer", "half"))


BUS = """
from sniper import BusSpec, hookimpl

@hookimpl
def sniper_buses():
    return [BusSpec(name="tin", summary="A bus", factory="acme_tin.bus:Tin")]
"""

TIN = """
from sniper.bus import Bus

class Tin(Bus):
    async def publish(self, events, *, source): ...
    async def take(self, most): ...
    def overflowed(self): ...
"""


@pytest.mark.parametrize(
    ("entry_points", "complaint"),
    [
        ({"sniper.buses": {"tin": "acme_tin.bus:Tin"}}, None),
        ({}, r"no entry point of sniper\.buses; add tin = \"acme_tin\.bus:Tin\""),
        ({"sniper.buses": {"tin": "acme_tin.bus:Other"}}, "make them equal"),
        ({"sniper.buses": {"tin": "acme_tin.nothing:Tin"}}, "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_driver_is_selected_by_its_entry_point(
    installation: Any, entry_points: dict[str, dict[str, str]], complaint: str | None
) -> None:
    installation.plugin("acme-tin", BUS, entry_points=entry_points, bus=TIN + "\nclass Other(Tin): ...")
    found = Catalogue.discover()
    if complaint is None:
        assert found.load(found.spec("bus", "tin")).__name__ == "Tin"
        return
    with pytest.raises(PluginError, match=complaint):
        found.load(found.spec("bus", "tin"))


def test_a_driver_of_another_distribution_is_never_taken(installation: Any) -> None:
    installation.plugin("acme-tin", BUS, entry_points={"sniper.buses": {"tin": "acme_tin.bus:Tin"}}, bus=TIN)
    installation.plugin("acme-zinc", "", entry_points={"sniper.buses": {"tin": "acme_zinc.bus:Tin"}}, bus=TIN)
    found = Catalogue.discover()
    assert found.load(found.spec("bus", "tin")).__module__ == "acme_tin.bus"


class Keys(Config):
    a: int = 1


class Declared:
    config: Keys


class Constructed:
    def __init__(self, config: Keys, context: object) -> None: ...


class Undeclared:
    def __init__(self, config: Any, context: object) -> None: ...


class Wrong:
    config: dict[str, int]


class Unresolvable:
    config: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(("cls", "model"), [(Declared, Keys), (Constructed, Keys), (Undeclared, Config), (int, Config)])
def test_the_config_model_is_what_the_class_declares(cls: type, model: type) -> None:
    assert config_model(cls) is model


@pytest.mark.parametrize(("cls", "remedy"), [(Wrong, "declare a subclass"), (Unresolvable, "outside of TYPE_CHECKING")])
def test_a_config_that_is_no_model_is_refused(cls: type, remedy: str) -> None:
    with pytest.raises(PluginError, match=remedy):
        config_model(cls)


def test_every_kind_of_spec_has_a_contract() -> None:
    assert {each.kind for each in Spec.__subclasses__()} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("hook", "spec", "kind"),
    [
        ("sniper_amms", "AmmSpec", "amm"),
        ("sniper_apps", "AppSpec", "app"),
        ("sniper_buses", "BusSpec", "bus"),
        ("sniper_executors", "ExecutorSpec", "executor"),
        ("sniper_exits", "ExitSpec", "exit"),
        ("sniper_fee_estimators", "FeeEstimatorSpec", "fee"),
        ("sniper_feeds", "FeedSpec", "feed"),
        ("sniper_indexes", "IndexSpec", "index"),
        ("sniper_risk_checks", "RiskCheckSpec", "risk"),
        ("sniper_leases", "LeaseSpec", "lease"),
        ("sniper_routers", "RouterSpec", "router"),
        ("sniper_signers", "SignerSpec", "signer"),
        ("sniper_sizers", "SizerSpec", "sizer"),
        ("sniper_stores", "StoreSpec", "store"),
        ("sniper_strategies", "StrategySpec", "strategy"),
        ("sniper_venues", "VenueSpec", "venue"),
    ],
)
def test_what_a_hook_returns_is_found_under_its_kind(installation: Any, hook: str, spec: str, kind: str) -> None:
    more = {"ExecutorSpec": ', modes=("live",)', "FeedSpec": ', emits=("acme/1",)'}.get(spec, "")
    source = f"""
    from sniper import {spec}, hookimpl

    @hookimpl
    def {hook}():
        return [{spec}(name="it", summary="It", factory="acme_it.it:It"{more})]
    """
    installation.plugin("acme-it", source)
    catalogue = Catalogue.discover()
    assert catalogue.specs(kind) == (catalogue.spec(kind, "it"),)
    assert type(catalogue.spec(kind, "it")).__name__ == spec


releases = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
bounds = st.lists(
    st.tuples(st.sampled_from([">=", "<", "==", "!=", "~="]), releases).map("".join), min_size=1, max_size=3
)


@given(releases | releases.map("{}rc1".format), bounds)
def test_a_requirement_is_met_exactly_when_packaging_says_so(core: str, wanted: list[str]) -> None:
    line = "sniper-core" + ",".join(bound if not bound.startswith("~=") else f"{bound}.0" for bound in wanted)
    assert _met(line, core) is Requirement(line).specifier.contains(core, prereleases=True)
