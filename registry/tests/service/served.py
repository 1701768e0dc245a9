"""A marketplace behind a real server on the loopback interface."""

import http.client
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import uvicorn

from sniper_registry.service.marketplace import Marketplace
from sniper_registry.service.web.app import application


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str


class Browser:
    """A browser without a screen: keeps its cookie, says where its forms come from."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookie = ""

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        return self.send(
            "POST",
            path,
            urlencode(fields).encode(),
            {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"},
        )

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(self.origin.removeprefix("http://"), timeout=30)
        try:
            sent = dict(headers or {})
            if self.cookie:
                sent["Cookie"] = self.cookie
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            if "set-cookie" in found:
                self.cookie = found["set-cookie"].partition(";")[0]
            return Answer(response.status, found, response.read().decode())
        finally:
            connection.close()

    def form_token(self, path: str) -> str:
        found = re.search(r'name="token" value="([0-9a-f]+)"', self.get(path).text)
        assert found is not None, f"{path} has no form of a session"
        return found[1]


def free_port() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


@contextmanager
def serving(marketplace: Marketplace, listening: socket.socket) -> Iterator[None]:
    """Answers on the socket until the end of the block."""
    server = uvicorn.Server(uvicorn.Config(application(marketplace), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    listening.listen()  # who connects before the server reads is kept waiting, not refused
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
