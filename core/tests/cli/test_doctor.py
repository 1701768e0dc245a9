"""``sniper doctor`` over a real endpoint on the loopback."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sniper.cli import exit_codes, main

FILE = """
[chain.main]
id = {chain}
endpoints = ["{url}/s3cr3tk3y"]
wrapped_native = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
[account.main]
address = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
[strategy.launch-snipe]
exits = []
[sizer.fixed]
amount = 1
[feed.evm-logs]
"""


class Node(BaseHTTPRequestHandler):
    """Answers what the doctor asks; ``age``: seconds since its newest block."""

    age = 0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = [self._answer(each) for each in (body if isinstance(body, list) else [body])]
        text = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        block = {"number": "0x10", "timestamp": hex(int(time.time()) - self.age)}
        result = "0x539" if request["method"] == "eth_chainId" else block
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Node)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def here(acme: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("SNIPER_CONFIG", raising=False)
    return tmp_path


def checks(capsys: pytest.CaptureFixture[str], code: int) -> dict[str, dict[str, str]]:
    assert main(["doctor", "--json"]) == code
    shown = capsys.readouterr().out
    assert "s3cr3tk3y" not in shown
    return {each["check"]: each for each in json.loads(shown)["checks"]}


def test_without_a_config_file_the_machine_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(capsys, exit_codes.OK)
    assert set(found) == {"python", "dependencies", "node", "clock", "plugins", "config", "disk"}
    assert found["config"]["status"] == "warn"
    assert "sniper init" in found["config"]["remedy"]


def test_an_endpoint_that_answers_is_in_order(here: Path, node: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sniper.toml").write_text(FILE.format(chain=1337, url=node))
    found = checks(capsys, exit_codes.OK)
    assert found["config"]["status"] == "ok"
    assert found["chain.main"]["status"] == "ok"
    assert "block 16" in found["chain.main"]["found"]


@pytest.mark.parametrize(("age", "status", "code"), [(-60, "fail", exit_codes.FAILURE), (3_600, "warn", exit_codes.OK)])
def test_a_block_far_from_this_clock_is_reported(
    here: Path,
    node: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    age: int,
    status: str,
    code: int,
) -> None:
    monkeypatch.setattr(Node, "age", age)
    (here / "sniper.toml").write_text(FILE.format(chain=1337, url=node))
    assert checks(capsys, code)["chain.main"]["status"] == status


def test_an_endpoint_of_another_chain_fails(here: Path, node: str, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sniper.toml").write_text(FILE.format(chain=1, url=node))
    found = checks(capsys, exit_codes.FAILURE)["chain.main"]
    assert found["status"] == "fail"
    assert "1337" in found["found"]


def test_an_endpoint_that_is_dead_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sniper.toml").write_text(FILE.format(chain=1, url="http://127.0.0.1:9"))
    assert checks(capsys, exit_codes.FAILURE)["chain.main"]["status"] == "fail"


def test_a_config_file_with_a_mistake_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "sniper.toml").write_text("[chain.main]\nid = 0\n")
    found = checks(capsys, exit_codes.FAILURE)["config"]
    assert found["status"] == "fail"
    assert "[chain.main] id = 0" in found["remedy"]


def test_a_dependency_of_the_wrong_version_fails(acme: Any, capsys: pytest.CaptureFixture[str]) -> None:
    acme.library("click", "8.1")
    found = checks(capsys, exit_codes.FAILURE)["dependencies"]
    assert found["found"] == "click is 8.1, wanted >=8.3"


def test_a_full_disk_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10**6})())
    assert checks(capsys, exit_codes.FAILURE)["disk"]["status"] == "fail"


def test_without_node_only_the_demo_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert checks(capsys, exit_codes.OK)["node"]["status"] == "warn"
