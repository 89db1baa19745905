"""The commands for a centre that lives, as whoever types them meets them."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from onechannel import commands as c
from onechannel.delivery import (
    Claim,
    CommitCycle,
    GivenUp,
    Letter,
    Order,
    Settlement,
    Submission,
    Subscribe,
)
from onechannel.model.worker import Worker
from onechannel.ports import Destination, LineOf
from onechannel.stores.sqlite import SQLiteStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
CANARY = "canary-body"
SENDERS = """
from onechannel.ports import Destination
from onechannel.runtime import Reply, Sending

async def post(outgoing):
    print("sent", outgoing.event.type, flush=True)
    return Reply()

ring = Sending(destination=Destination(name="ring", types={"assignment.opened"}), sender=post)
nothing = "no sending"
"""
POLICY = """
name = "autumn"
ring_for = "300ms"
[plan]
steps = [ { kinds = ["person"] } ]
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command line in a directory of its own."""

    def run(*arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "onechannel", *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    run.folder = tmp_path
    return run


def now():
    """The time."""
    return datetime.now(UTC)


@pytest.fixture
def centre(run):
    """A centre's file with a refused letter, an unread one, a parked one and a dead effect."""
    store = SQLiteStore(run.folder / "centre.db")
    cycle = CommitCycle(store)
    marc = [c.DefineWorker(worker=Worker(id="marc")), c.SignIn(worker="marc")]
    says = Order(c.Say(interaction="i-9", text="hello"))
    work = [
        Subscribe(Destination(name="ring", types={"assignment.opened"})),
        *(Submission(one, f"s{number}") for number, one in enumerate(marc)),
        Submission(c.Arrive(interaction="i-1", channel="voice"), "s-i"),
        Letter(source="sms", id="m1", orders=(says,), body=CANARY.encode()),
        Letter(source="sms", id="m2", body=CANARY.encode(), fault="ValueError in the adapter"),
        Letter(source="sms", id="m3", orders=(says,), awaits=LineOf("i-8")),
        Letter(source="sms", id="m3", orders=(says,), awaits=LineOf("i-8")),
    ]
    cycle.run(work, lambda: AT)
    claim = Claim(destination="ring", holder="x", lease=timedelta(seconds=5), limit=9)
    ((effect,),) = (answer.effects for answer in cycle.run([claim], lambda: AT).answers)
    over = Settlement(destination="ring", position=effect.position, token=1, outcome=GivenUp("404"))
    cycle.run([over], lambda: AT)
    yield store
    store.close()


def test_health_accounts_for_every_letter(run, centre):
    """`health` says what is overdue and what was received; it fails where work is not done."""
    found = json.loads(run("health", "centre.db", "--json", code=5).stdout)
    assert found["inbox"] == {
        "received": 4, "stored": 0, "duplicates": 1, "parked": 1, "refused": 1, "dead": 1,
    }  # fmt: skip
    assert found["outbox"] == {"made": 1, "sent": 0, "due": 0, "dead": 1, "unsent_s": {}}
    assert found["overdue_s"] > 0
    assert any("overdue" in problem for problem in found["problems"])
    shown = run("health", "centre.db", code=5).stdout
    assert "4 received = 0 stored + 1 duplicates + 1 parked + 1 refused + 1 dead" in shown
    assert "NOT WELL" in shown


def test_health_of_a_centre_that_does_its_work(run):
    """Where nothing is overdue and nothing failed, `health` says so and succeeds."""
    run("demo", "--db", "day.db")
    found = json.loads(run("health", "day.db", "--json", code=5).stdout)
    assert found["lock"] is None
    assert [problem.split(" ")[0:2] for problem in found["problems"]] == [["a", "deadline"]]
    empty = SQLiteStore(run.folder / "empty.db")
    empty.close()
    assert run("health", "empty.db").stdout.startswith("well\n")


def test_dead_letters_are_listed_without_what_they_hold(run, centre):
    """What was refused or could not be handled is listed by id and reason; bodies are not."""
    shown = run("dead-letters", "centre.db", "list").stdout
    assert "letter/1  2026-01-05T09:00:00Z  refused: interaction i-9" in shown
    assert "letter/2  2026-01-05T09:00:00Z  dead: ValueError in the adapter" in shown
    assert "dead: 404" in shown
    assert "3 dead" in shown
    assert CANARY not in shown
    rows = json.loads(run("dead-letters", "centre.db", "list", "--json").stdout)
    assert [row["id"].split("/")[0] for row in rows] == ["letter", "letter", "effect"]
    assert rows[0]["bytes"] == len(CANARY)


def test_a_dead_letter_is_shown_with_its_body_on_demand(run, centre):
    """`show` gives the row; with `--body` what came, byte for byte, and nothing else."""
    shown = run("dead-letters", "centre.db", "show", "letter/1").stdout
    assert "refused" in shown
    assert CANARY not in shown
    assert run("dead-letters", "centre.db", "show", "letter/1", "--body").stdout == CANARY
    none = run("dead-letters", "centre.db", "show", "letter/77", code=1).stderr
    assert "no dead letter has this id" in none


def test_a_replay_does_what_was_missing_once(run, centre):
    """What is mended is stored by one command, and replaying it again does nothing more."""
    cycle = CommitCycle(centre)
    cycle.run([Submission(c.Arrive(interaction="i-9", channel="chat"), "mend")], now)
    assert run("dead-letters", "centre.db", "replay", "letter/1").stdout == "letter/1: stored\n"
    run("dead-letters", "centre.db", "replay", "letter/1", code=1)
    rest = run("dead-letters", "centre.db", "replay", "--all", code=5).stdout
    assert "letter/2: still dead" in rest
    assert ": due" in rest
    said = [event for event in centre.read() if event.type == "message.received"]
    assert len(said) == 1
    wrong = run("dead-letters", "centre.db", "replay", code=1).stderr
    assert "--all" in wrong


def test_serve_fires_deadlines_and_sends_for_others(run):
    """A centre whose commands come from elsewhere is served: rings expire, effects leave."""
    (run.folder / "senders.py").write_text(SENDERS)
    (run.folder / "policy.toml").write_text(POLICY)
    store = SQLiteStore(run.folder / "centre.db")
    arguments = ["serve", "centre.db", "--policy", "policy.toml", "--send", "senders:ring"]
    serving = subprocess.Popen(
        [sys.executable, "-m", "onechannel", *arguments],
        cwd=run.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with serving:
        assert "on centre.db" in serving.stderr.readline()
        assert "policy autumn" in serving.stderr.readline()
        cycle = CommitCycle(store)
        marc = [c.DefineWorker(worker=Worker(id="marc")), c.SignIn(worker="marc")]
        call = c.Arrive(interaction="i-1", channel="voice")
        given = [Submission(one, f"s{number}") for number, one in enumerate([*marc, call])]
        cycle.run(given, now)
        assert serving.stdout.readline() == "sent assignment.opened\n"
        # The ring ends by the policy that `serve` adopted, and nobody but it fires deadlines here.
        assert serving.stdout.readline() == "sent assignment.opened\n"
        serving.send_signal(signal.SIGTERM)
        rest = serving.stderr.read()
        assert serving.wait(20) == 0
    assert "stopping" in rest
    assert "Traceback" not in rest
    types = [event.type for event in store.read()]
    assert types.count("assignment.expired") >= 1
    assert types[:2] == ["policy.adopted", "worker.defined"]
    store.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name = 'x'\nring_four = 3\n[plan]\nsteps=[{}]",
            ":2: ring_four: is not known here: did you mean ring_for?",
        ),
        ("name = 'x'\nring_for = 'soon'\n[plan]\nsteps=[{}]", ":2: ring_for: must be a span"),
        ("name = 'x'\n[plan]\nsteps=[{kinds=['robot']}]", ":3: plan.steps[1]"),
        ("name = 'x'\n[plan]\nsteps=[{skils={}}]", "did you mean skills?"),
        ("name = 'x'", ":1: plan is missing"),
        ("name = ", ":1: is not TOML"),
        ("name = 'x'\nplan = 3", ":2: plan: must be a table"),
    ],
)
def test_a_policy_file_says_what_is_wrong_where(run, text, said):
    """A file that is no policy is refused before anything is opened, by path and way out."""
    SQLiteStore(run.folder / "centre.db").close()
    (run.folder / "policy.toml").write_text(text)
    assert said in run("serve", "centre.db", "--policy", "policy.toml", code=1).stderr


def test_serve_says_what_cannot_be_found(run):
    """A sender or callable that is not there is named, and a file that is no centre is not made."""
    SQLiteStore(run.folder / "centre.db").close()
    (run.folder / "senders.py").write_text(SENDERS)
    for given, said in (
        ("nobody:ring", "no module nobody"),
        ("senders:gone", "has no gone"),
        ("senders:nothing", "is no Sending"),
        ("senders", "module:attribute"),
    ):
        assert said in run("serve", "centre.db", "--send", given, code=1).stderr
    assert "NAME=" in run("serve", "centre.db", "--callable", "senders:post", code=1).stderr
    run("serve", "nowhere.db", code=1)
    assert not (run.folder / "nowhere.db").exists()
