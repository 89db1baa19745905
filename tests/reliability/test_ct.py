"""CT: what was said is what is kept.

Each test is named by its rule, and a bug that breaks the rule is planted for it in tests/mutants.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reliability.centres import processes, serve

from onechannel import commands as c
from onechannel import events as e
from onechannel.errors import InvalidValue
from onechannel.model.message import Attachment
from onechannel.stores.memory import MemoryStore
from onechannel.stores.sqlite import SQLiteStore

#: Any text there is: from every plane, and nothing that is half of a character.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
HARD = [
    "\U0001f600",
    "e\u0301 \u202e abc",
    "\ufeff",
    "\u2028\u2029",
    "\U0010ffff\r\n\t",
    "\x7f\x01",
]


def kept(store, text: str) -> list[str]:
    """What a store gives back of a text that was said, and of the name of what went with it."""
    (cycle,) = processes(store, 1)
    photo = Attachment(reference="sha256-1", name=text)
    serve(
        cycle,
        c.RegisterCustomer(customer="ana", name=text),
        c.Arrive(interaction="i", channel="sms", customer="ana", says=text),
        c.Say(interaction="i", text="see", attachments=(photo,)),
    )
    data = [event.data for event in store.read()]
    said = [one for one in data if isinstance(one, e.MessageReceived)]
    names = [one.name for one in data if isinstance(one, e.CustomerRegistered)]
    return [*names, said[0].text, said[1].attachments[0].name]


@settings(max_examples=settings().max_examples // 2)
@given(TEXTS | st.sampled_from(HARD))
def test_ct_02_what_is_stored_is_what_was_sent(text):
    """Given any text, astral characters too, then stored = sent, byte for byte, in every store."""
    for store in (MemoryStore(), SQLiteStore(":memory:")):
        assert [one.encode() for one in kept(store, text)] == [text.encode()] * 3
        store.close()


@pytest.mark.parametrize("text", HARD)
def test_ct_02_a_file_that_is_opened_again_has_the_same(text, tmp_path):
    """The same of a file, once whoever wrote it is gone."""
    store = SQLiteStore(tmp_path / "centre.db")
    kept(store, text)
    store.close()
    store = SQLiteStore(tmp_path / "centre.db", read_only=True)
    said = [event.data for event in store.read() if isinstance(event.data, e.MessageReceived)]
    assert said[0].text == text
    store.close()


@pytest.mark.parametrize("text", ["\0", "a\0", "ü\0", "\0\U0001f600", "\ud83d", "x\udc00"])
def test_ct_02_what_no_store_can_keep_is_refused(text):
    """Given NUL or half of a character, then it is refused where it comes in, and not cut short."""
    for make in (
        lambda: c.Say(interaction="i", text=text),
        lambda: c.Arrive(interaction="i", channel="sms", says=text),
        lambda: c.RegisterCustomer(customer="ana", name=text),
        lambda: c.EditMessage(message="i#1", text=text),
        lambda: Attachment(reference="x", name=text),
    ):
        with pytest.raises(InvalidValue, match="holds NUL or half of a character"):
            make()
