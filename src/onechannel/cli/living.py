"""The commands for a centre that lives: serve it, ask how it is, see to its dead letters.

Laws of this file: what a vendor delivered is shown only to who asks for it; nothing is replayed but
what was named.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from onechannel.cli.policies import named_callables, named_sendings
from onechannel.cli.printing import print_json
from onechannel.cli.reading import opened
from onechannel.codec import time_to_text
from onechannel.delivery import CommitCycle, Failed, Received, Refused, Replay, ReplayEffect
from onechannel.errors import ExtraMissing, OneChannelError
from onechannel.insight import printable
from onechannel.ports import Effect, EffectState, LetterRow, LetterState
from onechannel.routing import read_policy
from onechannel.runtime import Centre, Health, examined, serve_until_stopped
from onechannel.stores.sqlite import SQLiteStore

try:
    import typer
except ImportError:
    raise ExtraMissing("the command line", "cli") from None

__all__ = ["dead_letters", "health", "serve"]

_UNWELL: Final = 5

Database = Annotated[Path, typer.Argument(metavar="DB", help="A centre's SQLite file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
WithCallables = Annotated[
    list[str] | None,
    typer.Option("--callable", metavar="NAME=MODULE:ATTRIBUTE", help="What the policy may name."),
]


def _now() -> datetime:
    return datetime.now(UTC)


# -- serving --------------------------------------------------------------------------------------


def serve(
    db: Database,
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="A policy to adopt, as TOML.")
    ] = None,
    with_callables: WithCallables = None,
    send: Annotated[
        list[str] | None,
        typer.Option("--send", metavar="MODULE:ATTRIBUTE", help="A Sending: who sends where."),
    ] = None,
    evict_after: Annotated[
        float | None,
        typer.Option(
            "--evict-after",
            metavar="SECONDS",
            help="End (SIGKILL) a process that holds the lock for longer.",
        ),
    ] = None,
) -> None:
    """Fire the deadlines and send what is due, until stopped (Ctrl-C, SIGTERM).

    The commands come from other processes that have the same file open.
    """
    sys.path.insert(0, str(Path.cwd()))  # where whoever starts it keeps its modules
    adopted = None if policy is None else read_policy(policy.read_bytes(), str(policy))
    store = SQLiteStore(
        db,
        create=False,
        evict_after=None if evict_after is None else timedelta(seconds=evict_after),
    )
    reader = SQLiteStore(db, read_only=True)
    centre = Centre.open(
        (store, reader),
        policy=adopted,
        callables=named_callables(with_callables or []),
        sendings=named_sendings(send or []),
    )
    _say(f"process {os.getpid()} on {db}")
    serve_until_stopped(centre, _say)


def _say(line: str) -> None:
    typer.echo(f"{time_to_text(_now().replace(microsecond=0))} {printable(line)}", err=True)


# -- health ---------------------------------------------------------------------------------------


def health(db: Database, *, as_json: AsJson = False) -> None:
    """Say how a centre is: what is overdue, unsent or dead, and who holds its lock."""
    with opened(db) as store:
        found = examined(store, _now())
    if as_json:
        print_json(found.to_dict())
    else:
        for line in _told(found):
            typer.echo(line)
    if not found.ok:
        raise typer.Exit(_UNWELL)


def _told(found: Health) -> Iterator[str]:
    mail, late = found.mail, found.overdue_by
    yield "well" if found.ok else "NOT WELL"
    for problem in found.problems:
        yield f"  ! {printable(problem)}"
    for note in found.notes:
        yield f"  - {printable(note)}"
    yield f"log       {found.position:,} events, policy {printable(found.policy)}"
    yield f"deadline  {'none overdue' if not late else f'overdue by {late.total_seconds():,.1f} s'}"
    holder = found.holder
    held = "" if holder is None else f" for {holder.held.total_seconds():.3f} s"
    yield f"lock      {'free' if holder is None else f'process {holder.pid}'}{held}"
    yield (
        f"inbox     {mail.received:,} received = {mail.stored:,} stored + {mail.duplicates:,} "
        f"duplicates + {mail.parked:,} parked + {mail.refused:,} refused + {mail.dead:,} dead"
    )
    yield (
        f"outbox    {mail.made:,} made = {mail.sent:,} sent + {mail.due:,} due "
        f"+ {mail.undelivered:,} dead"
    )


# -- dead letters ---------------------------------------------------------------------------------

dead_letters: typer.Typer = typer.Typer(
    no_args_is_help=True, help="List, show and replay what could not be taken in or sent."
)
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As `list` names them.")]


@dead_letters.callback()
def _of(context: typer.Context, db: Database) -> None:
    context.obj = db


@dead_letters.command("list")
def list_dead(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List the letters that were refused or are dead, and the effects that are dead."""
    with opened(context.obj) as store:
        rows = [_row(one) for one in _dead(store)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{printable(row['id'])}  {row['since']}  {row['state']}: "
            f"{printable(row['reason'] or 'no reason given')}"
        )
    typer.echo(f"{len(rows):,} dead" if rows else "none dead")


@dead_letters.command()
def show(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ID", help="As `list` names them.")],
    *,
    body: Annotated[
        bool, typer.Option("--body", help="Print what came, byte for byte, and nothing else.")
    ] = False,
) -> None:
    """Show one of them; what stands in it, only with --body: it may be personal."""
    with opened(context.obj) as store:
        found = _found(store, wanted)
    if body:
        if isinstance(found, Effect) or found.body is None:
            raise OneChannelError(f"{wanted} has no body: it was not delivered by anybody")
        sys.stdout.buffer.write(found.body)
        return
    for name, value in _row(found).items():
        typer.echo(f"{name:9} {printable(str(value))}")


@dead_letters.command()
def replay(
    context: typer.Context,
    ids: Ids = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that `list` lists.")] = False,
    with_callables: WithCallables = None,
) -> None:
    """Try them again: letters at once, effects by whoever serves. Twice does no more than once."""
    if bool(ids) == everything:
        raise OneChannelError("say which: the ids as `list` names them, or --all")
    left = 0
    with opened(context.obj, create=True) as store:
        cycle = CommitCycle(store, named_callables(with_callables or []))
        wanted = list(_dead(store)) if everything else [_found(store, one) for one in ids or ()]
        for one in wanted:
            said, done = _replayed(cycle, one)
            left += not done
            typer.echo(f"{printable(_id(one))}: {printable(said)}")
    if left:
        raise typer.Exit(_UNWELL)


def _replayed(cycle: CommitCycle, one: LetterRow | Effect) -> tuple[str, bool]:
    """What came of it, and whether it is dead no more."""
    if isinstance(one, Effect):
        work: Replay | ReplayEffect = ReplayEffect(
            destination=one.destination, position=one.position
        )
    else:
        work = Replay(source=one.source, id=one.id)
    (answer,) = cycle.run([work], _now).answers
    if isinstance(answer, (Refused, Failed)):
        return f"still {one.state}: {answer.error}", False
    if isinstance(answer, Received):
        gone = answer.state not in (LetterState.REFUSED, LetterState.DEAD)
        return str(answer.state), gone
    return "due", True


def _dead(store: SQLiteStore) -> Iterator[LetterRow | Effect]:
    yield from store.letters(LetterState.REFUSED)
    yield from store.letters(LetterState.DEAD)
    yield from store.effects(EffectState.DEAD)


def _found(store: SQLiteStore, wanted: str) -> LetterRow | Effect:
    for one in _dead(store):
        if _id(one) == wanted:
            return one
    raise OneChannelError(f"{wanted}: no dead letter has this id: see `dead-letters DB list`")


def _id(one: LetterRow | Effect) -> str:
    if isinstance(one, Effect):
        return f"effect/{one.destination}/{one.position}"
    return f"letter/{one.number}"


def _row(one: LetterRow | Effect) -> dict[str, Any]:
    if isinstance(one, Effect):
        return {
            "id": _id(one),
            "state": one.state.value,
            "since": time_to_text(one.made_at),
            "attempts": one.attempts,
            "reason": one.reason,
        }
    return {
        "id": _id(one),
        "state": one.state.value,
        "since": time_to_text(one.received_at),
        "source": one.source,
        "bytes": len(one.body or b""),
        "reason": one.reason,
    }
