"""How bytes come from a registry: from a directory, or over HTTP. Nothing that comes is believed; this only bounds how
much of it there may be, and how long it may take."""

import http.client
import os
import ssl
import stat
import threading
import time
import urllib.parse
import urllib.request
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tuf.api.exceptions import DownloadError, DownloadHTTPError, DownloadLengthMismatchError, SlowRetrievalError
from tuf.ngclient import FetcherInterface

from sniper import depth
from sniper.errors import said

PATIENCE_S: Final = 20.0
"""How long an answer may take besides the time that its bytes need."""
LEAST_RATE: Final = 32 << 10
"""Bytes a second below which a download is given up."""
_CHUNK: Final = 64 << 10
_AGENT: Final = "sniper-registry"


class Fetcher(FetcherInterface):
    """Counts what it fetches.

    fetched  Bytes, and ``files``, since it was made.
    """

    def __init__(self) -> None:
        self.fetched = 0
        self.files = 0
        self.most = 0
        self._chunks: Generator[bytes, None, None] | None = None

    def close(self) -> None:
        """Let go of what is open."""

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """As tuf calls it; the bound is known to `_chunks_of` as ``most``."""
        self.most = max_length
        try:
            with super().download_file(url, max_length) as file:
                self.files += 1
                self.fetched += file.seek(0, os.SEEK_END)
                file.seek(0)
                yield file
        finally:
            if self._chunks is not None:
                self._chunks.close()  # what ended early must not wait for the garbage collector

    def _fetch(self, url: str) -> Iterator[bytes]:
        depth.hold()  # metadata are read before it is known whose they are
        self._chunks = self._chunks_of(url)
        return self._chunks

    @abstractmethod
    def _chunks_of(self, url: str) -> Generator[bytes, None, None]:
        """The bytes at an address. Raises `DownloadError`."""


class DirectoryFetcher(Fetcher):
    """Addresses are paths. Only regular files are read: a pipe would never end, and a link may lead anywhere."""

    def _chunks_of(self, url: str) -> Generator[bytes, None, None]:
        try:
            descriptor = os.open(url, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise DownloadHTTPError(f"{url} does not exist", 404) from None
        except OSError as error:
            raise DownloadError(f"{url}: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DownloadError(f"{url} is no file")
        with os.fdopen(descriptor, "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


class HttpFetcher(Fetcher):
    """One server, asked over one connection. Redirections are not followed: whom one trusts, one adds by its own
    address.

    A timer closes the connection when an answer is late, whatever the server drips into it meanwhile.
    """

    def __init__(self, *, patience_s: float = PATIENCE_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._patience_s, self._monotonic = patience_s, monotonic
        self._connection: http.client.HTTPConnection | None = None
        self._server = ""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _chunks_of(self, url: str) -> Generator[bytes, None, None]:
        late = threading.Event()
        allowed = self._patience_s + self.most / LEAST_RATE
        deadline = self._monotonic() + allowed

        def give_up() -> None:
            late.set()
            connection = self._connection
            if connection is not None and connection.sock is not None:
                # closing alone would not wake the thread that reads
                connection.sock.shutdown(2)

        timer = threading.Timer(allowed, give_up)
        timer.daemon = True
        timer.start()
        whole = False
        try:
            response = self._answer(url, late)
            if response.status != 200:
                response.read(_CHUNK)
                raise DownloadHTTPError(f"{url} answers {response.status} {response.reason}", response.status)
            if response.length is not None and response.length > self.most:
                raise DownloadLengthMismatchError(f"{url} has {response.length} bytes, and {self.most} are the most")
            while chunk := response.read1(_CHUNK):
                yield chunk
                if self._monotonic() > deadline:
                    late.set()
                    break
            if late.is_set():
                raise SlowRetrievalError(f"{url} was not there after {allowed:.0f} s")
            whole = response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # ValueError, AttributeError: what reading from a socket raises that the timer has just closed
            if late.is_set():
                raise SlowRetrievalError(f"{url} was not there after {allowed:.0f} s") from error
            raise DownloadError(f"{url}: {said(error)}") from error
        finally:
            timer.cancel()
            if not whole:
                self.close()

    def _answer(self, url: str, late: threading.Event) -> http.client.HTTPResponse:
        parts = urllib.parse.urlsplit(url)
        server = f"{parts.scheme}://{parts.netloc}"
        kept = self._connection is not None and self._server == server
        try:
            return self._ask(parts, server, url)
        except (OSError, http.client.HTTPException):
            self.close()
            if not kept or late.is_set():
                raise
            return self._ask(parts, server, url)  # the server had ended a connection that was kept

    def _ask(self, parts: urllib.parse.SplitResult, server: str, url: str) -> http.client.HTTPResponse:
        if self._connection is None or self._server != server:
            self.close()
            self._connection, self._server = self._connected(parts), server
        path = url if self._through_proxy(parts) and parts.scheme == "http" else parts.path
        self._connection.request("GET", path, headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"})
        return self._connection.getresponse()

    def _connected(self, parts: urllib.parse.SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        proxy = self._through_proxy(parts)
        at = (proxy.hostname or "", proxy.port or 3128) if proxy else (host, port)
        connection = (
            http.client.HTTPSConnection(*at, timeout=self._patience_s, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(*at, timeout=self._patience_s)
        )
        if proxy and parts.scheme == "https":
            connection.set_tunnel(host, port)
        connection.connect()
        return connection

    @staticmethod
    def _through_proxy(parts: urllib.parse.SplitResult) -> urllib.parse.SplitResult | None:
        """The proxy of the environment, as other tools take it."""
        address = urllib.request.getproxies().get(parts.scheme)
        if not address or urllib.request.proxy_bypass(parts.netloc):
            return None
        return urllib.parse.urlsplit(address if "//" in address else f"http://{address}")


class KeptFetcher(Fetcher):
    """Nothing but the timestamp that was fetched last: what else is needed offline, the updater has kept itself."""

    def __init__(self, metadata: Path) -> None:
        super().__init__()
        self._metadata = metadata

    def _chunks_of(self, url: str) -> Generator[bytes, None, None]:
        name = url.rpartition("/")[2]
        file = self._metadata / name
        if name != "timestamp.json" or not file.is_file():
            raise DownloadHTTPError(f"{name} is not kept here", 404)
        yield file.read_bytes()


def fetcher_for(where: str, *, patience_s: float = PATIENCE_S) -> Fetcher:
    """The one for an address or a directory."""
    return HttpFetcher(patience_s=patience_s) if is_address(where) else DirectoryFetcher()


def is_address(where: str) -> bool:
    """Whether a registry is asked over the network."""
    return where.startswith(("http://", "https://"))
