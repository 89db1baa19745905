"""What the tests of the runtime are run against: centres in real time, and the fake one."""

import pytest
from tests.runtime.setting import Opening


@pytest.fixture(params=["memory", "sqlite", "fake"])
def opens(request, tmp_path):
    """Opens live centres, one kind after the other: all of them keep the same promises."""
    return Opening(request.param, tmp_path)
