"""Requests of plugins in workers: to what was granted, nowhere else, and without a secret that the plugin could see."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sniper.errors import PermissionDenied, RpcError
from sniper.io import Fetched
from sniper.isolation import network
from sniper.isolation.network import Requests

HOST, OTHER = "api.acme.com", "evil.example.org"
VALUE = "s3cr3t-value"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of both hosts, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName(OTHER)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


class Server:
    """Plays all hosts. ``seen``: what arrived."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self.port = port
        self.context = context
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []

    def requests(self, *permissions: str, **changed: Any) -> Requests:
        async def lookup(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        granted = [each.replace("PORT", str(self.port)) for each in permissions]
        found = {"lookup": lookup, "refuses": lambda _: False, "context": self.context, "secrets": lambda _: VALUE}
        return Requests(granted, **{**found, **changed})

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(certificate: Path) -> AsyncIterator[Server]:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        server.seen.append((request.host, request.path, dict(request.headers), body))
        if request.path == "/away":
            raise web.HTTPFound(f"https://{OTHER}:{server.port}/there")
        if request.path == "/plain":
            raise web.HTTPFound("http://api.acme.com/")
        if request.path == "/inside":
            raise web.HTTPFound("https://169.254.169.254/latest/meta-data")
        if request.path == "/round":
            raise web.HTTPFound("/round")
        if request.path == "/near":
            raise web.HTTPFound("/there")
        if request.path == "/much":
            return web.Response(body=b"x" * (network.MOST_BYTES + 1))
        if request.path == "/echo":
            said = request.headers.get("X-Key", "")
            return web.Response(text=f"you said {said}", headers={"X-Said": said})
        if request.path == "/slow":
            import asyncio

            await asyncio.sleep(60)
        return web.Response(text="there")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=theirs)
    await site.start()
    server = Server(runner.addresses[0][1], ssl.create_default_context(cafile=certificate))
    try:
        yield server
    finally:
        await runner.cleanup()


async def got(requests: Requests, url: str, **changed: Any) -> Fetched:
    asked: dict[str, Any] = {"method": "GET", "headers": [], "body": b"", **changed}
    return await requests.fetch(url, **asked)


async def test_what_was_granted_is_fetched(certificate: Path) -> None:
    async with serving(certificate) as server:
        requests = server.requests(f"network:{HOST}:PORT")
        found = await got(requests, server.url("/x"), method="POST", body=b"hello", headers=[("X-A", "b")])
        assert (found.status, found.body) == (200, b"there")
        ((host, path, headers, body),) = server.seen
        assert (host.partition(":")[0], path, headers["X-A"], body) == (HOST, "/x", "b", b"hello")
        assert (await got(requests, server.url("/near"))).body == b"there"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org:PORT/",
        "https://api.acme.com/",
        "http://api.acme.com:PORT/",
        "https://api.acme.com.evil.example.org:PORT/",
        "https://api.acme.com@evil.example.org:PORT/",
        "https://evil.example.org:PORT@api.acme.com:PORT/",
        "https://127.0.0.1:PORT/",
        "https://[::1]:PORT/",
        "file:///etc/passwd",
        "ftp://api.acme.com:PORT/",
        "https://api.acme.com:99999/",
        "https://api.acme.com\u3002:PORT/",
        "",
    ],
)
async def test_nothing_else_is(certificate: Path, url: str) -> None:
    async with serving(certificate) as server:
        with pytest.raises(PermissionDenied):
            await got(server.requests(f"network:{HOST}:PORT"), url.replace("PORT", str(server.port)))
        assert server.seen == []


@pytest.mark.parametrize("path", ["/away", "/plain", "/inside"])
async def test_nobody_is_led_elsewhere(certificate: Path, path: str) -> None:
    async with serving(certificate) as server:
        with pytest.raises(PermissionDenied):
            await got(server.requests(f"network:{HOST}:PORT"), server.url(path))
        assert len(server.seen) == 1


@pytest.mark.parametrize("path", ["/round", "/much"])
async def test_what_has_no_end_ends(certificate: Path, path: str) -> None:
    async with serving(certificate) as server:
        with pytest.raises(RpcError):
            await got(server.requests(f"network:{HOST}:PORT"), server.url(path))


async def test_what_is_late_is_no_answer(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WITHIN_S", 0.2)
    async with serving(certificate) as server:
        with pytest.raises(RpcError, match=r"within 0\.2 s"):
            await got(server.requests(f"network:{HOST}:PORT"), server.url("/slow"))


async def test_a_secret_arrives_and_does_not_come_back(certificate: Path) -> None:
    async with serving(certificate) as server:
        requests = server.requests(f"network:{HOST}:PORT", "secret:acme-key")
        found = await got(requests, server.url("/echo"), headers=[("X-Key", "Bearer ${secret:acme-key}")])
        assert server.seen[0][2]["X-Key"] == f"Bearer {VALUE}"
        assert VALUE not in repr(found)
        assert found.body == b"you said Bearer ***"


async def test_a_secret_goes_to_the_host_that_was_asked_and_no_other(certificate: Path) -> None:
    async with serving(certificate) as server:
        both = server.requests(f"network:{HOST}:PORT", f"network:{OTHER}:PORT", "secret:acme-key")
        assert (await got(both, server.url("/away"))).body == b"there", "both were granted"
        with pytest.raises(PermissionDenied, match="a secret goes nowhere else"):
            await got(both, server.url("/away"), headers=[("X-Key", "${secret:acme-key}")])
        assert all(VALUE not in str(headers) for host, _, headers, _ in server.seen if host.startswith(OTHER))


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Key", "${secret:other}")],
        [("Host", "evil.example.org")],
        [("Content-Length", "5")],
        [("X-A", "a\r\nHost: evil.example.org")],
        [("X A", "b")],
        [("X-A", "b" * 10_000)],
        [("X-A", "b")] * 60,
    ],
)
async def test_headers_say_nothing_that_they_must_not(certificate: Path, headers: list[tuple[str, str]]) -> None:
    async with serving(certificate) as server:
        requests = server.requests(f"network:{HOST}:PORT", "secret:acme-key")
        with pytest.raises(PermissionDenied):
            await got(requests, server.url("/"), headers=headers)
        assert server.seen == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:10.0.0.1"])
async def test_a_name_that_leads_into_the_own_network_leads_nowhere(certificate: Path, address: str) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["8.8.8.8", address]

    async with serving(certificate) as server:
        requests = server.requests(f"network:{HOST}:PORT", refuses=network.inside, lookup=lookup)
        with pytest.raises((PermissionDenied, RpcError)):
            await got(requests, server.url("/"))
        assert server.seen == []


async def test_another_certificate_is_not_believed(certificate: Path) -> None:
    async with serving(certificate) as server:
        with pytest.raises(RpcError):
            await got(server.requests(f"network:{HOST}:PORT", context=ssl.create_default_context()), server.url("/"))
        assert server.seen == []


def test_a_secret_comes_from_the_environment_of_sniper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNIPER_SECRET_ACME_KEY", VALUE)
    assert network.environment_secret("acme-key") == VALUE
    with pytest.raises(PermissionDenied, match="set SNIPER_SECRET_OTHER where sniper runs"):
        network.environment_secret("other")
