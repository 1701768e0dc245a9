"""A plain static server for a repository or a mirror."""

import http.server
import os
import re
import shutil
import stat
import urllib.parse
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from sniper.errors import said
from sniper_registry.errors import RepositoryUnusable
from sniper_registry.places import METADATA, PACKAGES, SIMPLE, TARGETS

_JSON: Final = "application/vnd.pypi.simple.v1+json"
_TYPES: Final = {".json": "application/json", ".html": "text/html; charset=utf-8", ".metadata": "text/plain"}
_PATH: Final = re.compile(rf"/({METADATA}|{TARGETS}|{PACKAGES}|{SIMPLE})(/[A-Za-z0-9_+!-][A-Za-z0-9_.+!-]*)*/?")


def server(directory: Path, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """A server that is bound and answers once its ``serve_forever`` runs. Raises `RepositoryUnusable`."""
    if not (directory / METADATA / "timestamp.json").is_file():
        raise RepositoryUnusable(f"{directory} holds no repository; sniper registry init or mirror makes one")
    root = directory.absolute()
    handler = type("Handler", (_Handler,), {"root": root})
    try:
        return http.server.ThreadingHTTPServer((host, port), handler)
    except OSError as error:
        raise RepositoryUnusable(f"{host}:{port} cannot be listened at: {said(error)}; take another --port") from error


class _Handler(http.server.BaseHTTPRequestHandler):
    """Gives regular files of a repository's four folders, and pages in the form that is asked for (PEP 691)."""

    protocol_version = "HTTP/1.1"
    server_version = "sniper-registry"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True
    root: Path

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        page = path.startswith(f"/{SIMPLE}/") and path.endswith("/")
        wants_json = page and _JSON in self.headers.get("Accept", "")
        if page:
            path += "index.json" if wants_json else "index.html"
        file = self.root / path.lstrip("/")
        if not _PATH.fullmatch(path):
            self._refuse()
            return
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            self._refuse()
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            self._refuse()
            return
        with os.fdopen(descriptor, "rb") as opened:
            self.send_response(HTTPStatus.OK)
            is_page = path.startswith(f"/{SIMPLE}/") and path.endswith(".json")
            kind = _JSON if is_page else _TYPES.get(file.suffix, "application/octet-stream")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(status.st_size))
            self.send_header("Vary", "Accept")
            self.end_headers()
            if body:
                shutil.copyfileobj(opened, self.wfile)

    def _refuse(self) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # Any: the base class's
        """Nothing is logged: whoever wants to know who asks for what takes a real web server."""
