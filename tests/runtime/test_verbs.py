"""Every verb of the table can be awaited on a live centre, under its name."""

import inspect
from datetime import UTC, datetime

import pytest
from tests.runtime.setting import in_time
from tests.unit.one_of_each import FIELDS

from onechannel.commands import VERBS
from onechannel.errors import CommandRefused, InvalidValue
from onechannel.model.actor import SYSTEM, Actor, ActorKind
from onechannel.runtime import Verbs


class Noting(Verbs):
    """Verbs that only say which command they would give."""

    async def _give(self, command):
        return command


async def given(verbs, kind):
    """What a verb gives for the fields of its command."""
    return await getattr(verbs, VERBS[kind].name)(**FIELDS[kind])


def test_class_and_table_agree():
    """Whatever is in the table is a verb of the class, and the class has no other."""
    verbs = {name for name in vars(Verbs) if not name.startswith("_")}
    assert verbs == {row.name for row in VERBS.values()}
    for kind, row in VERBS.items():
        assert vars(Verbs)[row.name].command is kind


@pytest.mark.anyio
async def test_each_verb_takes_what_its_command_takes():
    """Called with a command's fields, a verb gives that command, no more and no less."""
    for kind in VERBS:
        assert await given(Noting(), kind) == kind(**FIELDS[kind])


@pytest.mark.anyio
@in_time()
async def test_each_verb_can_be_awaited(opens):
    """On a live centre each verb is served or refused by the kernel, and by nothing else."""
    async with opens() as centre:
        served, refused = set(), set()
        for kind in VERBS:
            try:
                await given(centre, kind)
                served.add(kind)
            except CommandRefused:
                refused.add(kind)
        assert served | refused == {*VERBS}
        assert len(served) > 10


@pytest.mark.anyio
@in_time()
async def test_what_cannot_be_is_said_where_it_is_called(opens):
    """A field that cannot be is refused before anything is awaited; so is a field unknown."""
    async with opens() as centre:
        with pytest.raises(InvalidValue):
            centre.accept(assignment="")
        with pytest.raises(TypeError):
            centre.accept(part="i-1/1")
        giving = centre.sign_in(worker="nobody")
        assert inspect.iscoroutine(giving)
        giving.close()
        assert [event.type for event in centre.store.read()] == ["policy.adopted"]


@pytest.mark.anyio
@in_time()
async def test_somebody_acts_as_themselves(opens):
    """`by` gives the same verbs to another actor, with an id and the time it claims."""
    claimed = datetime(2026, 1, 5, 9, tzinfo=UTC)
    async with opens() as centre:
        ana = Actor(ActorKind.CUSTOMER, "c-1")
        (mine, *_) = await centre.register(customer="c-1")
        (hers, *_) = await centre.by(ana, id="hers", claimed_at=claimed).start(
            interaction="i-1", channel="chat", customer="c-1"
        )
        assert (mine.origin.actor, hers.origin.actor) == (SYSTEM, ana)
        assert (hers.origin.command, hers.occurred_at) == ("hers", claimed)
        with pytest.raises(CommandRefused):
            await centre.by(ana).define_queue(**FIELDS_OF_A_QUEUE)


FIELDS_OF_A_QUEUE = next(FIELDS[kind] for kind, row in VERBS.items() if row.name == "define_queue")


@pytest.mark.anyio
@in_time()
async def test_an_id_is_of_one_command(opens):
    """A second, other command under one id is refused; the same one again is the same."""
    async with opens() as centre:
        once = centre.by(SYSTEM, id="once")
        first = await once.start(interaction="i-1", channel="voice")
        assert await once.start(interaction="i-1", channel="voice") == first
        with pytest.raises(InvalidValue, match="of another command"):
            await once.leave(interaction="i-1")
