"""What every test may use: hypothesis profiles and the shared inputs.

- ``ONECHANNEL_HYPOTHESIS=long`` searches forty times as long as the default profile ``quick``, and
  ``brief`` a fifth: for what only asks which lines are reached.
- ``ONECHANNEL_SHARED`` names the folder of shared inputs, where it is not ``../shared``.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# A busy machine is no defect: neither a deadline nor a slow start may fail a test.
settings.register_profile(
    "quick",
    max_examples=50,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("brief", settings.get_profile("quick"), max_examples=10)
settings.register_profile("long", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile(os.environ.get("ONECHANNEL_HYPOTHESIS", "quick"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded and vendor-shaped inputs; a test that needs it skips without."""
    shared = Path(os.environ.get("ONECHANNEL_SHARED") or ROOT.parent / "shared")
    data = shared / "data"
    if not data.is_dir():
        pytest.skip(f"no shared inputs at {data}: set ONECHANNEL_SHARED")
    return data
