"""Values that carry keys: taken from the environment, never shown.

``${NAME}`` is replaced in ``endpoints``, of chains and of plugins, and in a plugin's ``password_file`` and
``key_file``, nowhere else. What is shown, logged and journaled of an endpoint is its scheme and host.
"""

import os
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_SCHEMES = ("ws", "wss", "http", "https")
SECRET_KEY = re.compile(r"endpoints|password|passphrase|secret|private|mnemonic|seed_phrase|api_?key|credential")
"""Keys whose values never stand in a message."""


@dataclass(frozen=True, slots=True)
class EndpointUrl:
    """Where a chain's node answers: a URL (ws, wss, http, https) or the absolute path of its IPC socket.

    shown  The same without anything that could be a key.
    """

    url: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def parse(cls, text: object) -> "EndpointUrl":
        """From the config file. Raises `ValueError`, which repeats nothing of the text but variables' names."""
        if not isinstance(text, str):
            raise ValueError('is no text; write "ws://127.0.0.1:8545"')
        url = interpolated(text)
        if url.startswith("/"):
            return cls(url, text)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("is no URL; write scheme://host:port, such as ws://127.0.0.1:8545") from None
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError(
                f"is neither a URL with one of the schemes {', '.join(_SCHEMES)} nor the absolute path of an IPC "
                "socket; write it as ws://127.0.0.1:8545 or /path/to/node.ipc"
            )
        # A host that came out of a variable may itself be the key.
        host = urlsplit(text).netloc.rpartition("@")[2] if _VARIABLE.search(text) else _host(parts.hostname, port)
        if not host:
            return cls(url, "".join(f"${{{name}}}" for name in _VARIABLE.findall(text)))
        more = "/…" if parts.path.strip("/") or parts.query or parts.username else ""
        return cls(url, f"{parts.scheme}://{host}{more}")


def interpolated(text: str) -> str:
    """The text with ``${NAME}`` replaced from the environment. Raises `ValueError` where a variable is not set."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not os.environ.get(name):
            raise ValueError(f"needs the environment variable {name}, which is not set; export it")
        return os.environ[name]

    return _VARIABLE.sub(value, text)


def has_variable(text: str) -> bool:
    """Whether the text holds a ``${NAME}``."""
    return _VARIABLE.search(text) is not None


def _host(name: str, port: int | None) -> str:
    name = f"[{name}]" if ":" in name else name
    return name if port is None else f"{name}:{port}"
