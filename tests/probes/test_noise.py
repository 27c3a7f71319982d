"""What else the machine did: ratios that can be had on any machine, and what is left out where there is no PSI."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.measure.protocol import NOISE_LIMITS
from experiments.probes import noise


def test_a_watch_gives_ratios_and_all_that_is_limited() -> None:
    found = noise.Watch(noise.canary_reference_s()).stop()
    assert set(NOISE_LIMITS) <= set(found)
    assert found["canary_ratio"] > 0
    assert found["steal_ratio"] >= 0
    assert found["load1"] >= 0
    assert ("pressure_some_ratio" in found) == (noise.pressure_some_s() is not None)


def test_without_pressure_information_there_is_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(noise, "Path", lambda _: tmp_path / "missing")
    assert noise.pressure_some_s() is None
    assert "pressure_some_ratio" not in noise.Watch(noise.canary_reference_s()).stop()


@pytest.mark.parametrize(("text", "seconds"), [
    ("some avg10=0.00 avg60=0.01 avg300=0.00 total=8870871\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 8.870871),
    ("", None), ("some avg10=0.00", None), ("some total=many", None),
])
def test_pressure_is_read_or_absent(
    text: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "cpu"
    file.write_text(text)
    monkeypatch.setattr(noise, "Path", lambda _: file)
    assert noise.pressure_some_s() == (None if seconds is None else pytest.approx(seconds))
