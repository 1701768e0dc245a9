from pathlib import Path

import pytest

from sniper.errors import PluginError
from sniper.isolation.permissions import Network, Read, Secret, inside, parse, parsed, readable


@pytest.mark.parametrize(
    ("text", "permission", "sentence"),
    [
        ("network:api.acme.com", Network(host="api.acme.com"), "api.acme.com over HTTPS"),
        ("network:api.acme.com:8443", Network(host="api.acme.com", port=8443), "api.acme.com, port 8443"),
        ("secret:acme-key", Secret(name="acme-key"), "the secret acme-key"),
        ("read:/srv/prices", Read(path="/srv/prices"), "/srv/prices"),
    ],
)
def test_a_permission_is_read_written_and_told(text: str, permission: object, sentence: str) -> None:
    found = parse(text)
    assert found == permission
    assert str(found) == text
    assert sentence in found.sentence


def test_the_port_of_https_is_not_written() -> None:
    assert str(parse("network:api.acme.com:443")) == "network:api.acme.com"
    assert parsed(["network:api.acme.com:443", "network:api.acme.com"]) == (Network(host="api.acme.com"),)


@pytest.mark.parametrize(
    "text",
    [
        "", "network", "network:", "fly:moon", "secret:", "read:", "network:*.acme.com", "network:api.acme.com:0",
        "network:api.acme.com:65536", "network:api.acme.com:", "network:api.acme.com:443:443", "network:localhost",
        "network:127.0.0.1", "network:169.254.169.254", "network:2130706433", "network:0x7f.0x1", "network:::1",
        "network:[::1]", "network:metadata.google.internal", "network:printer.local", "network:API.acme.com",
        "network:api.acme.com.", "network:api..com", "network:-a.com", "network:user@acme.com", "network:acme.com/x",
        "network:аcme.com", "network:acme.com\n", "network:acme.com evil", "secret:../key", "secret:Key", "secret:a b",
        "read:relative", "read:/srv/../etc", "read:/srv/", "read:/srv//a", "read:/srv/*", "read:/", "read:/etc",
        "read:/etc/passwd", "read:/proc", "read:/proc/self/mem", "read:/dev/mem", "read:/home", "read:/home/ada",
        "read:/home/ada/.ssh", "read:/root", "read:/root/.ssh/id_ed25519", "read:/var/run/docker.sock", "read:/var",
        "read:/srv/a\x1b[31m",
    ],
)  # fmt: skip
def test_what_reaches_too_far_is_refused(text: str) -> None:
    with pytest.raises(PluginError, match="cannot be given"):
        parse(text)


def test_home_is_refused_by_whatever_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "users" / "ada"))
    for path in ("users", "users/ada", "users/ada/.config", "users/ada/.ssh/id"):
        with pytest.raises(PluginError):
            parse(f"read:{tmp_path}/{path}")
    parse(f"read:{tmp_path}/users/ada/prices")


def test_a_link_to_what_is_refused_is_refused_when_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    granted = parse(f"read:{tmp_path}/link")
    assert isinstance(granted, Read)
    with pytest.raises(PluginError, match="leads to /etc"):
        readable(granted)


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("1.1.1.1", False), ("2606:4700:4700::1111", False), ("127.0.0.1", True), ("10.1.2.3", True),
        ("169.254.169.254", True), ("100.64.0.1", True), ("0.0.0.0", True), ("224.0.0.1", True), ("::1", True),
        ("fe80::1", True), ("fd00:ec2::254", True), ("::ffff:127.0.0.1", True), ("64:ff9b::7f00:1", True),
        ("2002:7f00:1::", True), ("255.255.255.255", True), ("fec0::1", True), ("::7f00:1", True),
        ("64:ff9b:1::7f00:1", True), ("::ffff:0:7f00:1", True), ("168.63.129.16", True),
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_its_network_are_told_apart(address: str, is_inside: bool) -> None:
    assert inside(address) is is_inside
