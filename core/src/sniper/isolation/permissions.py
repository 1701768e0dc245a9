"""What a plugin may ask for beyond computing: the grammar of permissions, and each in a sentence.

``network:HOST`` or ``network:HOST:PORT``
    Requests by HTTPS to this host, made by the host process (port 443 where none is said). A name with a dot; no
    wildcard, no address, no name of this machine or its network.
``secret:NAME``
    A secret of the trader's in headers of such requests. The host puts it there; the plugin does not see it.
``read:PATH``
    A file, or a directory with all below it, to read. Absolute.
"""

import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from sniper.errors import PluginError
from sniper.plugin import Frozen

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SECRET = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_LOCAL = ("localhost", "local", "internal", "lan", "home", "intranet", "localdomain", "arpa")
"""Last labels of names that mean this machine or the network around it, cloud metadata services among them."""
_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot")
HTTPS = 443


class Network(Frozen):
    """Requests by HTTPS to one host."""

    host: str
    port: int = HTTPS

    def __str__(self) -> str:
        return f"network:{self.host}" + (f":{self.port}" if self.port != HTTPS else "")

    @property
    def sentence(self) -> str:
        port = f", port {self.port}" if self.port != HTTPS else ""
        return f"may exchange data with {self.host}{port} over HTTPS: what it knows can leave there"


class Secret(Frozen):
    """The value of one of the trader's secrets."""

    name: str

    def __str__(self) -> str:
        return f"secret:{self.name}"

    @property
    def sentence(self) -> str:
        return f"has the secret {self.name} sent with its requests, without seeing it"


class Read(Frozen):
    """A file, or a directory with all below it."""

    path: str

    def __str__(self) -> str:
        return f"read:{self.path}"

    @property
    def sentence(self) -> str:
        return f"may read {self.path}, and what is below it"


Permission = Network | Secret | Read


def parse(text: str) -> Permission:
    """Raises `PluginError` for what is no permission that a worker can be given."""
    kind, colon, rest = text.partition(":")
    if colon and text.isascii() and text.isprintable():
        if kind == "network":
            return _network(text, rest)
        if kind == "secret":
            if _SECRET.fullmatch(rest):
                return Secret(name=rest)
            raise _refused(text, "a secret's name is up to 64 small letters, digits, dots, dashes and underscores")
        if kind == "read":
            return _read(text, rest)
    raise _refused(text, "it must be network:HOST, network:HOST:PORT, secret:NAME or read:PATH, in ASCII")


def parsed(texts: Iterable[str]) -> tuple[Permission, ...]:
    """Each once, in their order. Raises `PluginError` as `parse` does."""
    return tuple(dict.fromkeys(parse(text) for text in texts))


def inside(address: str) -> bool:
    """Whether an address belongs to this machine, its network or its cloud's services, and not to the internet.

    A granted host's name may be made to point there at any time: whoever makes the requests asks this of the address
    that it connects to. Raises `ValueError` for what is no address.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        held = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if found in _NAT64:
            held = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if held is not None:
            return inside(str(held))
    return not found.is_global or found.is_multicast or any(found in each for each in _INSIDE)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            "fec0::/10",  # of a site (RFC 3879)
            "::/96",  # IPv4-compatible (RFC 4291)
            "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765)
            "64:ff9b:1::/48",  # translated within a network (RFC 8215)
            "168.63.129.16/32",  # services of Azure, of a machine within it
        ),
    )
)


def readable(permission: Read) -> str:
    """Where a granted path leads now, past symbolic links, which must be as harmless as what was granted.

    Raises `PluginError` where it is not, or is not there.
    """
    if not os.path.exists(permission.path):
        raise _refused(str(permission), "nothing is there; create it, or withdraw the permission")
    real = os.path.realpath(permission.path)
    _harmless(f"{permission}, which leads to {real}", real)
    return real


def _network(text: str, rest: str) -> Network:
    host, colon, port = rest.partition(":")
    if colon and not (_NUMBER.fullmatch(port) and int(port) < 1 << 16):
        raise _refused(text, "a port is a number from 1 to 65535, and an IPv6 address no host")
    if "*" in host:
        raise _refused(text, "each host is named, without wildcards")
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(host) > 253:
        raise _refused(text, "a host is a name in small letters, such as api.acme.com")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        raise _refused(text, "a host is a name, no address")
    if len(labels) < 2 or labels[-1] in _LOCAL:
        raise _refused(text, "names of this machine and its own network are refused")
    return Network(host=host, port=int(port) if colon else HTTPS)


def _read(text: str, rest: str) -> Read:
    path = PurePosixPath(rest)
    if not path.is_absolute() or ".." in path.parts or str(path) != rest or rest.startswith("//"):
        raise _refused(text, "a path is absolute and in its shortest form")
    if any(character in rest for character in "*?["):
        raise _refused(text, "each path is named, without wildcards")
    _harmless(text, rest)
    return Read(path=rest)


def _harmless(text: str, path: str) -> None:
    """Not what holds the whole system, the kernel's own files, all of somebody's home, or the hidden files there."""
    if path == "/" or any(_below(path, system) or _below(system, path) for system in _SYSTEM):
        raise _refused(text, "the system's own files are refused")
    homes = {"/root", str(Path.home()), os.path.realpath(Path.home())} - {"/"}
    for home in homes:
        if _below(home, path):
            raise _refused(text, "it holds a whole home directory; name a directory in it")
        if _below(path, home) and path[len(home) + 1 :].startswith("."):
            raise _refused(text, "hidden files of a home directory are refused: keys lie there")
    if path == "/home" or re.fullmatch(r"/home/[^/]+", path):
        raise _refused(text, "it holds a whole home directory; name a directory in it")
    if re.match(r"/home/[^/]+/\.", path):
        raise _refused(text, "hidden files of a home directory are refused: keys lie there")


def _below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _refused(text: str, why: str) -> PluginError:
    return PluginError(f"the permission {text!r} cannot be given: {why}")
