"""The alerts of deploy/telemetry, by Prometheus' own tool: that they can be read, and when they fire."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TELEMETRY = Path(__file__).parents[1] / "deploy" / "telemetry"
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")

pytestmark = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not on the PATH (Debian: prometheus); `.ci/promtool COMMAND` brings it"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "--lint-fatal", "alerts.yaml"),
        ("check", "config", "--lint-fatal", "prometheus.yaml"),
        ("test", "rules", "alerts.test.yaml"),
    ],
    ids=" ".join,
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    assert PROMTOOL
    answer = subprocess.run([PROMTOOL, *arguments], cwd=TELEMETRY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
