"""What a plugin offers and whether a config section of it is good, found out in a worker: nothing of it is imported
here.
"""

import socket
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from sniper.errors import ConfigError, PluginError, SniperError
from sniper.isolation.channel import Budget, Channel
from sniper.isolation.launch import launch
from sniper.isolation.messages import (
    LONGEST_TEXT,
    Check,
    Checked,
    Describe,
    Described,
    Raised,
    Ready,
    read_from_worker,
    read_json,
    written,
)
from sniper.isolation.place import Place
from sniper.isolation.words import harmless, words
from sniper.plugin import Frozen
from sniper.specs import Spec

WITHIN_S: Final = 30.0
"""Seconds for a new process to import a plugin and to answer one question: scientific libraries take their time."""


LONGEST_SAID: Final = 4_000
"""Characters of a text that a plugin says of itself."""


class Offer(Frozen, kw_only=True, array_like=False):
    """One extension, as plain data.

    type    Name of the spec's class in `sniper.specs`; ``spec``: its fields.
    schema  JSON schema of its config section.
    traits  What the kernel must know of its class, see `sniper.isolation.introspection`.
    """

    type: str
    spec: dict[str, Any]  # Any: JSON
    schema: dict[str, Any] = {}
    traits: dict[str, Any] = {}


class Description(Frozen, array_like=False):
    """What the modules of a distribution offer."""

    offered: tuple[Offer, ...]


class Housed(Protocol):
    """A release in an environment of its own: see `sniper.environments`. ``paths``: what its workers import from."""

    @property
    def distribution(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def modules(self) -> tuple[str, ...]: ...
    @property
    def permissions(self) -> tuple[str, ...]: ...
    @property
    def paths(self) -> tuple[str, ...]: ...


class Section(Frozen):
    """A config section that was found good. ``values``: JSON with all defaults; ``wants``: JSON, see
    `sniper.isolation.introspection`."""

    values: str
    wants: str


def place_of(environment: Housed) -> Place:
    """Where the workers of a release run."""
    return Place(name=environment.distribution, paths=environment.paths, permissions=environment.permissions)


def describe(place: Place, modules: tuple[str, ...]) -> Description:
    """Import the modules of entry points in a worker and give what they offer. Raises `PluginError` for a plugin that
    cannot be imported or offers nonsense, and `IsolationError`."""
    answer = _answered(place, Describe(serial=1, modules=modules), Described)
    try:
        return Description(offered=msgspec.convert(_harmless(read_json(answer.offered, Any)), tuple[Offer, ...]))
    except msgspec.MsgspecError as error:
        raise PluginError(f"{place.name} does not say what it offers in a form that can be read: {error}") from error


def checked_config(place: Place, factory: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A config section with all its defaults, as the plugin's own model has it. Raises `ConfigError` with the model's
    words, `PluginError` and `IsolationError`. Any: JSON."""
    found = checked_section(place, factory, values)
    if isinstance(found, Section):
        checked: dict[str, Any] = msgspec.json.decode(found.values, type=dict)
        return checked
    said = "; ".join(f"{'.'.join(str(part) for part in each['loc']) or 'section'}: {each['msg']}" for each in found)
    raise ConfigError(f"{place.name}: {said}")


def checked_section(place: Place, factory: str, values: Mapping[str, Any]) -> "Section | list[dict[str, Any]]":
    """The same; or the mistakes, each as pydantic tells it: ``type``, ``loc``, ``msg`` and ``input``."""
    from pydantic_core import to_json

    key = (place, factory, to_json(dict(values)).decode())
    found = _checked.get(key)
    if found is None:
        answer = _answered(place, Check(serial=1, factory=factory, values=key[2]), Checked)
        if answer.mistakes:
            mistakes: list[dict[str, Any]] = [
                {"type": each.type, "loc": each.loc, "msg": each.msg, "input": each.input}
                for each in _mistakes(answer.mistakes)
            ]
            return mistakes
        _object(answer.values)
        found = _checked[key] = Section(values=answer.values, wants=answer.wants)
    return found


_checked: dict[tuple[Place, str, str], Section] = {}
_traits: dict[tuple[str, tuple[str, ...], str], dict[str, Any]] = {}


def traits_of(environment: Housed, spec: Spec[Any]) -> dict[str, Any]:
    """What the kernel must know of the class behind a spec: as the environment keeps it, or as a worker says now. Any:
    JSON. Raises as `describe`, and `PluginError` where the plugin offers no such thing."""
    for each in getattr(environment, "offered", ()):
        if each.spec.get("factory") == spec.factory and getattr(each, "traits", None):
            kept: dict[str, Any] = each.traits
            return kept
    key = (environment.sha256, environment.paths, spec.factory)
    if key not in _traits:
        for offer in describe(place_of(environment), environment.modules).offered:
            _traits[environment.sha256, environment.paths, str(offer.spec.get("factory"))] = offer.traits
    if key not in _traits:
        raise PluginError(f"{environment.distribution} does not offer {spec.factory}; install it again")
    return _traits[key]


class _Mistake(Frozen, array_like=False):
    """As pydantic tells it. Any: JSON."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any = None


def _mistakes(text: str) -> list[_Mistake]:
    try:
        return msgspec.convert(_harmless(read_json(text, Any), LONGEST_TEXT), list[_Mistake])
    except msgspec.MsgspecError as error:
        raise PluginError(
            f"a plugin says what is wrong with its config in a form that cannot be read: {error}"
        ) from error


def _harmless(value: Any, most: int = LONGEST_SAID) -> Any:  # Any: JSON
    """The same, with texts that forge no line where they are shown, and drive no terminal. Paragraphs become one."""
    if isinstance(value, str):
        return harmless(" ".join(value.split()) if "\n" in value else value, most)
    if isinstance(value, list):
        return [_harmless(each, most) for each in value]
    if isinstance(value, dict):
        return {harmless(key, most): _harmless(each, most) for key, each in value.items()}
    return value


def _object(text: str) -> None:
    try:
        read_json(text, dict[str, Any])
    except msgspec.MsgspecError as error:
        raise PluginError(f"a plugin gave a config that cannot be read: {error}") from error


def _answered(place: Place, request: Describe | Check, kind: type[Any]) -> Any:  # Any: an instance of ``kind``
    """One question to a process that lives no longer than that."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with theirs:
            process = launch(place, theirs)
    except BaseException:
        ours.close()
        raise
    channel, budget = Channel(ours, asks=True), Budget(WITHIN_S)
    try:
        for expected in (Ready, kind):
            channel.within(budget.left())
            message = read_from_worker(channel.receive(budget))
            if isinstance(message, Raised):
                raise PluginError(f"{place.name}: {harmless(message.text, LONGEST_TEXT)}")
            if type(message) is not expected:
                raise PluginError(f"{place.name} said {type(message).__name__} where {expected.__name__} is due")
            if expected is Ready:
                channel.send(written(request))
        return message
    except (msgspec.MsgspecError, ConnectionError, TimeoutError) as error:
        said = "; ".join(words(process))
        told = harmless(str(error), LONGEST_TEXT) if isinstance(error, SniperError) else "it said what cannot be read"
        raise PluginError(f"{place.name} cannot be read: {told}{f' ({said})' if said else ''}") from error
    finally:
        channel.close()
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


__all__ = [
    "Description", "Housed", "Offer", "Section", "checked_config", "checked_section", "describe", "place_of",
    "traits_of",
]  # fmt: skip
