"""Names that a trader could mistake for somebody else's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper_registry.errors import PublishRefused
from sniper_registry.names import NameTooAlike, demand_free, distance, first_party, skeleton

OWNERS = {
    "sniper-strategy-dip-buyer": "acme",
    "sniper-strategy-grid": "acme",
    "sniper-risk-rug-radar": "bolt",
    "sniper-exit-moonlight-trail": "acme",
}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sniper-strategy-dipbuyer", "looks like"),
        ("sniper-strategy-d1p-buyer", "looks like"),
        ("sniper-strategy-dip-buver", "slip of the keyboard"),
        ("sniper-strategy-dip-byuer", "slip of the keyboard"),
        ("sniper-strategy-dip-buyers", "slip of the keyboard"),
        ("sniper-strategy-dip-buyer-pro", "adds only a little"),
        ("sniper-strategy-dip-buyer-2", "adds only a little"),
        ("sniper-strategy-new-dip-buyer", "adds only a little"),
        ("sniper-strategy-gird", "slip of the keyboard"),
        ("sniper-exit-rnoonlight-trail", "looks like"),
        ("sniper-exit-moonlght-trial", "slip of the keyboard"),
        ("sniper-amm-solidIy".lower(), "slip of the keyboard|looks like"),
        ("sniper-amm-so1idly", "looks like"),
        ("sniper-amm-solidly-fork", "adds only a little"),
        ("sniper-strategy-official-grid", "poses as"),
        ("sniper-strategy-sniper-grid", "poses as"),
    ],
)
def test_a_name_that_is_like_anothers_is_refused(name: str, why: str) -> None:
    with pytest.raises(NameTooAlike, match=why):
        demand_free(name, "thief", OWNERS)
    demand_free(name, "thief", OWNERS, similar=True)


@pytest.mark.parametrize(
    "name",
    [
        "sniper-strategy-peak-seller",
        "sniper-strategy-grid-of-hopes",
        "sniper-exit-dip-buyer",
        "sniper-risk-dip-buyer",
        "sniper-strategy-cap",
        "sniper-strategy-dip-buyer-for-nfts",
    ],
)
def test_a_name_of_its_own_is_free(name: str) -> None:
    demand_free(name, "bolt", OWNERS)


@pytest.mark.parametrize(
    "name", ["sniper-strategy-dip-buyer-pro", "sniper-strategy-dip-buyer", "sniper-strategy-grids"]
)
def test_an_owner_may_call_its_own_plugins_alike(name: str) -> None:
    demand_free(name, "acme", OWNERS)


@pytest.mark.parametrize("name", ["sniper-strategy-grid", "sniper-amm-solidly", "sniper-risk-honeypot"])
@pytest.mark.parametrize("similar", [False, True])
def test_a_name_that_is_taken_is_nobody_elses(name: str, similar: bool) -> None:
    with pytest.raises(PublishRefused, match="belongs to"):
        demand_free(name, "thief", OWNERS, similar=similar)


@pytest.mark.parametrize(
    "name",
    [
        "dip-buyer",
        "sniper-core",
        "sniper-sdk",
        "sniper-wish-x",
        "sniper-strategy-",
        "sniper-strategy-Dip",
        "sniper-strategy-dip_buyer",
        "sniper-strategy-dip--buyer",
        "sniper-strategy-1st",
        "sniper-strategy-дип",
        "sniper-strategy-" + "a" * 60,
        "../sniper-strategy-x",
        "",
    ],
)
def test_what_is_no_name_of_a_plugin_is_refused(name: str) -> None:
    with pytest.raises(PublishRefused, match="no name of a plugin"):
        demand_free(name, "acme", OWNERS)


def test_the_first_party_plugins_are_the_projects_own() -> None:
    own = first_party()
    assert {"sniper-core", "sniper-sdk", "sniper-registry", "sniper-amm-solidly", "sniper-risk-honeypot"} <= own.keys()
    assert set(own.values()) == {"sniper"}
    demand_free("sniper-amm-solidly", "sniper", OWNERS)


WORDS = st.text("abcdlmnorvw015-", min_size=1, max_size=12)


def slow_distance(one: str, other: str) -> int:
    """Optimal string alignment by its definition."""
    if not one or not other:
        return len(one) + len(other)
    found = min(
        slow_distance(one[:-1], other) + 1,
        slow_distance(one, other[:-1]) + 1,
        slow_distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 and len(other) > 1 and one[-1] == other[-2] and one[-2] == other[-1]:
        found = min(found, slow_distance(one[:-2], other[:-2]) + 1)
    return found


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_the_distance_is_the_least_number_of_keystrokes(one: str, other: str) -> None:
    assert distance(one, other, 9) == slow_distance(one, other)


@given(WORDS, WORDS)
def test_the_distance_has_no_direction(one: str, other: str) -> None:
    assert distance(one, other, 12) == distance(other, one, 12)


@given(WORDS)
def test_what_looks_alike_has_one_skeleton(word: str) -> None:
    assert skeleton(word) == skeleton(word.replace("o", "0").replace("l", "1"))
    assert skeleton(skeleton(word)) == skeleton(word)


def test_a_repository_holds_to_it(world: Any) -> None:
    wheel = world.wheel("sniper-exit-dusk-2", "1.0.0")
    with pytest.raises(NameTooAlike, match="adds only a little to sniper-exit-dusk of acme"):
        world.repository.publish(wheel, world.described(wheel, "bolt"), world.key("bolt"))
    world.repository.publish(wheel, world.described(wheel, "bolt"), world.key("bolt"), similar=True)
    assert world.client().find("sniper-exit-dusk-2").publisher == "bolt"


@pytest.mark.parametrize("name", ["acme", "a-c-m-e", "sniper", "sn1per", "Acme", "a" * 41, "acme/../x", ""])
def test_a_publisher_cannot_be_called_like_another_one(world: Any, name: str) -> None:
    with pytest.raises(PublishRefused):
        world.repository.add_publisher(name, [world.key("new").public_key])


def test_a_key_belongs_to_one_publisher(world: Any) -> None:
    with pytest.raises(PublishRefused, match="one of acme already"):
        world.repository.add_publisher("crow", [world.key("acme").public_key])
