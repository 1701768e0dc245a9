"""What deploy/ holds fits the bot and the programs that it is for."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pages import ROOT

from sniper.cli import exit_codes

PROMETHEUS = ROOT / "deploy/prometheus"
UNIT = ROOT / "deploy/systemd/sniper@.service"


def exported() -> set[str]:
    """Names as Prometheus sees them: counters end in _total, histograms in _bucket, _sum and _count."""
    source = (ROOT / "core/src/sniper/runtime/metrics.py").read_text()
    names = set(re.findall(r'_gauge\(\s*"(\w+)"', source))
    names |= {f"{name}_total" for name in re.findall(r'_counter\(\s*"(\w+)"', source)}
    for name in re.findall(r'_histograms\(\s*"(\w+)"', source):
        names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return names


@pytest.mark.parametrize("file", sorted(PROMETHEUS.glob("*.rules*.yml")), ids=lambda file: file.name)
def test_alerts_watch_metrics_that_there_are(file: Path) -> None:
    used = set(re.findall(r"\b(sniper_[a-z_]+)\b", file.read_text()))
    assert used
    assert used <= exported()


def test_each_runbook_that_an_alert_names_is_there() -> None:
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^## (.+)$", runbooks, re.MULTILINE)}
    named = set(re.findall(r"^ +runbook: (.+)", (PROMETHEUS / "sniper.rules.yml").read_text(), re.MULTILINE))
    assert {name for name in named if not re.search(r"log|why it was set", name)} <= headings


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_takes_the_rules_and_their_tests() -> None:
    for command in (["check", "rules", "sniper.rules.yml"], ["test", "rules", "sniper.rules.test.yml"]):
        done = subprocess.run(["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_unit_does_not_start_again_what_needs_a_look() -> None:
    (line,) = re.findall(r"^RestartPreventExitStatus=(.+)$", UNIT.read_text(), re.MULTILINE)
    assert {int(code) for code in line.split()} == {
        exit_codes.USAGE,
        exit_codes.CONFIG,
        exit_codes.JOURNAL,
        exit_codes.SIGNER,
        exit_codes.PLUGIN,
    }


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "sniper@main.service"
    # The bot is not installed where the unit expects it, and only that may be missing.
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    drop_in = tmp_path / "sniper@main.service.d" / "live.conf"
    drop_in.parent.mkdir()
    shutil.copy(UNIT.parent / "live.conf", drop_in)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
