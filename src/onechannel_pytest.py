"""The pytest plugin: a fixture `centre`, a fake contact centre fresh for each test.

Law of this file: loading it imports nothing of onechannel; a test that uses no fixture of it pays
nothing.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onechannel.testing import FakeCentre


@pytest.fixture
def centre() -> "Iterator[FakeCentre]":
    """A contact centre without network, on virtual time: see `onechannel.testing.FakeCentre`."""
    from onechannel.testing import FakeCentre

    fake = FakeCentre()
    yield fake
    fake.store.close()
