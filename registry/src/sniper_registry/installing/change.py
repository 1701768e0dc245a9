"""What an installation would change, for a trader to read before saying yes, and for programs as JSON."""

from collections.abc import Iterator
from typing import Any, Final

from packaging.version import Version

from sniper.environments import licences
from sniper.environments.environment import ISOLATED_KINDS, Environment
from sniper.errors import PluginError
from sniper.plugin import Frozen

_LEVELS: Final = {"": "no level", **{name: f"level {name}" for name in ("bronze", "silver", "gold", "platinum")}}


class Change(Frozen, kw_only=True, array_like=False):
    """One distribution before and after. ``after`` None: it goes; ``before`` None: it is new.

    trusted  Whether the release before runs in the host, by the trader's word, which the one after does not have.
    """

    before: Environment | None
    after: Environment | None
    trusted: bool = False

    @property
    def action(self) -> str:
        if self.after is None:
            return "uninstall"
        if self.before is None:
            return "install"
        old, new = Version(self.before.version), Version(self.after.version)
        return "upgrade" if new > old else "downgrade" if new < old else "reinstall"

    @property
    def grown(self) -> tuple[str, ...]:
        """Permissions that the trader did not grant before."""
        granted = self.before.permissions if self.before else ()
        asked = self.after.permissions if self.after else ()
        return tuple(each for each in asked if each not in granted)

    @property
    def withdrawn(self) -> tuple[str, ...]:
        """Permissions that it no longer asks for."""
        asked = self.after.permissions if self.after else ()
        return tuple(each for each in (self.before.permissions if self.before else ()) if each not in asked)

    @property
    def lapses(self) -> bool:
        """Whether the trader's trust ends with it."""
        before, after = self.before, self.after
        same = before and after and (before.code, before.permissions) == (after.code, after.permissions)
        return self.trusted and not same

    def described(self) -> dict[str, Any]:
        """Plain data; Any: JSON."""
        shown = self.after or self.before
        assert shown is not None  # one of them is there
        before, after = _dependencies(self.before), _dependencies(self.after)
        return {
            "action": self.action,
            "distribution": shown.distribution,
            "from": self.before.version if self.before else None,
            "version": self.after.version if self.after else None,
            "sha256": shown.sha256,
            "source": shown.source,
            "publisher": shown.publisher or None,
            "level": shown.level or None,
            "licence": shown.licence or None,
            "needs_licence": licences.key_of(shown) is not None,
            "native": shown.native,
            "isolated": not self.trusted or self.lapses,
            "trust_lapses": self.lapses,
            "extensions": [f"{spec.kind}.{spec.name}" for spec in (each.parsed() for each in shown.offered)],
            "needs_trust": list(needs_trust(shown)),
            "dependencies": {
                "added": [f"{name}=={version}" for name, version in after.items() if before.get(name) != version],
                "removed": [f"{name}=={version}" for name, version in before.items() if after.get(name) != version],
            },
            "permissions": [
                {"permission": each, "means": sentence(each), "new": each in self.grown}
                for each in (self.after.permissions if self.after else ())
            ],
            "withdrawn": list(self.withdrawn),
        }

    def told(self) -> Iterator[str]:
        """Lines for people."""
        data = self.described()
        shown = self.after or self.before
        assert shown is not None  # one of them is there
        version = shown.version if data["from"] in (None, shown.version) else f"{data['from']} -> {shown.version}"
        yield f"{self.action} {shown.distribution} {version}"
        if self.after is None:
            if self.trusted:
                yield "  it is trusted now; trust ends"
            return
        signed = f"published by {shown.publisher}, {_LEVELS.get(shown.level, shown.level)}" if shown.publisher else ""
        yield f"  from       {shown.source}{', ' + signed if signed else ': nobody signed it'}"
        yield f"  sha256     {shown.sha256}"
        for spec in (each.parsed() for each in shown.offered):
            yield f"  offers     {spec.kind} {spec.name}: {spec.summary}"
        how = "isolated, in a worker of its own" if data["isolated"] else "in sniper itself, for you trust this release"
        yield f"  runs       {how}{', with machine code' if shown.native else ''}"
        if data["needs_licence"]:
            yield "  licence    is paid for: it starts with a licence file of its publisher's alone:"
            yield "             sniper plugins licence FILE"
        if data["needs_trust"]:
            yield f"  needs      your trust for {', '.join(data['needs_trust'])}, which cannot run isolated:"
            yield f"             sniper plugins trust {shown.distribution}"
        if self.lapses:
            yield "  trust      lapses: you trusted other code; see what changed, then trust this or not"
        for line in data["dependencies"]["added"]:
            yield f"  + {line}"
        for line in data["dependencies"]["removed"]:
            yield f"  - {line}"
        if not data["permissions"]:
            yield "  permissions: none; it can compute, and nothing else"
        for each in data["permissions"]:
            mark = "NEW " if each["new"] and self.before else ""
            yield f"  permission {mark}{each['permission']}: it {each['means']}"
        for permission in data["withdrawn"]:
            yield f"  permission {permission}: no longer asked for"


def damaged(distribution: str) -> dict[str, Any]:
    """What `Change.described` is for one that goes, and whose record cannot be read; Any: JSON."""
    return {"action": "uninstall", "distribution": distribution, "from": None, "version": None}


def needs_trust(environment: Environment) -> tuple[str, ...]:
    """Ids of its extensions of kinds that no worker runs."""
    specs = (each.parsed() for each in environment.offered)
    return tuple(f"{spec.kind}.{spec.name}" for spec in specs if spec.kind not in ISOLATED_KINDS)


def sentence(permission: str) -> str:
    """What a permission means. Raises no error for one that no worker is given: only a trusted plugin has it."""
    from sniper.isolation.permissions import parse

    try:
        return parse(permission).sentence
    except PluginError:
        return "has no limit that a worker could hold: only trusted code can use it"


def _dependencies(environment: Environment | None) -> dict[str, str]:
    if environment is None:
        return {}
    lines = (line.split(" ")[0].partition("==") for line in environment.lock)
    return {name: version for name, _, version in lines}
