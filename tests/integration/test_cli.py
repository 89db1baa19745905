"""The command line, as whoever types it meets it."""

import json
import re
import sqlite3
import subprocess
import sys

import pytest

COLUMNS = ("read", "imported", "duplicates", "set_aside", "anomalies", "events")
FIGURES = (
    "interactions",
    "self_served",
    "queued",
    "abandoned",
    "answered",
    "wait_mean_s",
    "wait_median_s",
    "wait_queued_mean_s",
    "handle_mean_s",
    "answered_within_20s",
    "customers",
    "returning_customers",
    "unidentified",
)
HEADER = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start"
    "\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\r\n"
)


def row(number, outcome="AGENT", server="ANAT"):
    """A made-up call of the bank's format."""
    return (
        f"AA0101\t{number}\t7{number}\t1\tPS\t990104\t9:00:00\t9:00:05\t5\t9:00:05\t9:00:35\t30"
        f"\t{outcome}\t9:00:35\t9:02:00\t85\t{server}\r\n"
    )


@pytest.fixture
def run(tmp_path, request):
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

    run.mapping = request.config.rootpath / "examples/anonymous_bank.toml"
    run.folder = tmp_path
    return run


@pytest.fixture
def log(run):
    """A call log of three rows, one of them broken."""
    path = run.folder / "calls.txt"
    path.write_text(HEADER + row(1) + row(2, "HANG", "NO_SERVER") + "AA0101\tbroken\r\n")
    return path


def test_the_demo_shows_a_day(run):
    """`demo` plays a day over many channels and shows who served and what went wrong."""
    shown = run("demo").stdout
    for word in ("web", "chat", "voice", "store", "email", "eva", "marc", "declines"):
        assert word in shown, word


def test_the_demo_keeps_its_log_where_asked(run):
    """`demo --db` leaves a database that the reading commands read; again, it adds a day."""
    run("demo", "--db", "day.db")
    first = json.loads(run("report", "day.db", "--json").stdout)
    assert (first["interactions"] >= 6, first["self_served"]) == (True, 1)
    run("demo", "--db", "day.db")
    again = json.loads(run("report", "day.db", "--json").stdout)
    assert again["interactions"] == 2 * first["interactions"]
    assert "consistent" in run("check", "day.db").stdout


def test_import_counts_every_line(run, log):
    """read = imported + duplicates + set aside; the broken line is kept with number and reason."""
    arguments = ("import", log, "--mapping", run.mapping, "--into", "c.db")
    counts = json.loads(run(*arguments, "--json", "--set-aside", "aside.txt").stdout)
    assert tuple(counts) == COLUMNS
    assert (counts["read"], counts["imported"], counts["set_aside"]) == (3, 2, 1)
    header, line = (run.folder / "aside.txt").read_text().splitlines()
    assert header.split("\t")[:3] == ["set_aside_line", "set_aside_reason", "vru+line"]
    assert line.startswith("4\t")
    assert line.endswith("AA0101\tbroken")


def test_the_same_file_again_adds_nothing(run, log):
    """An import is idempotent, down to the last event."""
    arguments = ("import", log, "--mapping", run.mapping, "--into", "c.db", "--json")
    run(*arguments)
    again = json.loads(run(*arguments).stdout)
    assert (again["imported"], again["duplicates"], again["events"]) == (0, 2, 0)


def test_lines_set_aside_go_in_once_they_are_mended(run, log):
    """The file of lines set aside is itself a log that the same mapping reads."""
    arguments = ("--mapping", run.mapping, "--into", "c.db", "--json")
    run("import", log, *arguments, "--set-aside", "aside.txt")
    aside = run.folder / "aside.txt"
    header, line = aside.read_text().splitlines()
    number, reason, _ = line.split("\t", 2)
    aside.write_text(f"{header}\n{number}\t{reason}\t{row(3)}")
    assert json.loads(run("import", "aside.txt", *arguments).stdout)["imported"] == 1


@pytest.mark.parametrize("taken", ["calls.txt", "c.db", "mapping.toml"])
def test_lines_set_aside_are_never_written_over_a_file(run, log, taken):
    """Neither the log nor the centre nor the mapping is lost to a name given twice."""
    (run.folder / "mapping.toml").write_text(run.mapping.read_text())
    arguments = ("import", log, "--mapping", "mapping.toml", "--into", "c.db")
    run(*arguments)
    before = (run.folder / taken).read_bytes()
    error = run(*arguments, "--set-aside", taken, code=1).stderr
    assert "exists already" in error
    assert (run.folder / taken).read_bytes() == before


def test_lines_set_aside_do_not_go_into_the_database(run, log):
    """A name for both is refused before either is made."""
    arguments = ("import", log, "--mapping", run.mapping, "--into", "new.db")
    for name in ("new.db", "new.db-wal"):
        assert "new name" in run(*arguments, "--set-aside", name, code=1).stderr
    assert not (run.folder / "new.db").exists()


def test_a_log_without_a_header_is_not_printed(run):
    """Where the first line is a row, nothing of it stands in the error."""
    (run.folder / "odd.txt").write_text("C-1\tAna Canary\tCalle Mayor\n")
    error = run("import", "odd.txt", "--mapping", run.mapping, "--into", "c.db", code=1).stderr
    assert "Canary" not in error


def test_names_are_shown_as_they_are(run):
    """A queue whose name looks like markup is neither interpreted nor a crash."""
    row_ = row(1).replace("\tPS\t", "\t[/red]\t")
    (run.folder / "odd.txt").write_text(HEADER + row_)
    run("import", "odd.txt", "--mapping", run.mapping, "--into", "c.db")
    assert "[/red]" in run("report", "c.db").stdout


def test_nothing_readable_is_an_error_of_its_own(run):
    """Exit code 4 where there are lines and none can be read; the lines are kept all the same."""
    (run.folder / "bad.txt").write_text(HEADER + "one\r\ntwo\r\n")
    run(
        *("import", "bad.txt", "--mapping", run.mapping, "--into", "c.db"),
        *("--set-aside", "aside.txt"),
        code=4,
    )
    assert len((run.folder / "aside.txt").read_text().splitlines()) == 3


def test_the_report_has_every_figure(run, log):
    """`report --json` has the documented figures in all, by channel and by queue."""
    run("import", log, "--mapping", run.mapping, "--into", "c.db")
    report = json.loads(run("report", "c.db", "--json").stdout)
    for part in (report, report["by_channel"]["voice"], report["by_queue"]["PS"]):
        assert set(FIGURES) <= set(part)
    assert (report["answered"], report["abandoned"], report["wait_mean_s"]) == (1, 1, 30.0)
    assert "answered" in run("report", "c.db").stdout


def test_the_timeline_hides_what_was_said(run):
    """What customers said is personal: shown only when asked for."""
    run("demo", "--db", "day.db")
    assert "charged twice" not in run("timeline", "day.db").stdout
    assert "charged twice" in run("timeline", "day.db", "--show-text").stdout
    assert "charged twice" not in run("timeline", "day.db", "--json").stdout


def test_the_timeline_of_one(run):
    """`--interaction` and `--customer` show theirs only; what is not there is said."""
    run("demo", "--db", "day.db")
    lines = run("timeline", "day.db", "--interaction", "i-2", "--json").stdout.splitlines()
    assert {json.loads(line)["interaction"] for line in lines} == {"i-2"}
    assert len(run("timeline", "day.db", "--customer", "c-1", "--json").stdout.splitlines()) > len(
        lines
    )
    assert (
        "no interaction i-99" in run("timeline", "day.db", "--interaction", "i-99", code=1).stderr
    )
    assert "no customer c-99" in run("timeline", "day.db", "--customer", "c-99", code=1).stderr


@pytest.fixture
def day(run):
    """The log of the demonstration; gives its timeline, too."""
    run("demo", "--db", "day.db")
    return [json.loads(line) for line in run("timeline", "day.db", "--json").stdout.splitlines()]


def entries(run, *arguments):
    """A timeline's entries."""
    shown = run("timeline", "day.db", *arguments, "--json").stdout
    return [json.loads(line) for line in shown.splitlines()]


def test_several_choices_are_narrowed_down(run, day):
    """Of a customer and an interaction, what is both; where nothing is, that is said."""
    of_both = entries(run, "--customer", "c-1", "--interaction", "i-2")
    assert of_both == [one for one in day if one["interaction"] == "i-2"] != []
    error = run("timeline", "day.db", "--interaction", "i-2", "--journey", "j-0", code=1).stderr
    assert "there is no journey j-0" in error
    journeys = {one["what"].split()[-1] for one in day if one["what"].startswith("sets out on ")}
    apart = [
        journey
        for journey in sorted(journeys)
        if "i-2" not in {one["interaction"] for one in entries(run, "--journey", journey)}
    ]
    chosen = ("--interaction", "i-2", "--journey", apart[0])
    error = run("timeline", "day.db", *chosen, code=1).stderr
    assert f"there is no journey {apart[0]} of interaction i-2" in error


def test_the_timeline_of_a_journey(run, day):
    """`--journey` shows its course and every interaction of it, just as the whole one does."""
    journey = next(one["what"].split()[-1] for one in day if "sets out on" in one["what"])
    found = entries(run, "--journey", journey)
    inside = {one["interaction"] for one in found} - {None}
    assert inside
    assert found == [
        one
        for one in day
        if one["interaction"] in inside or journey in (one["who"], *one["what"].split())
    ]


def test_a_timeline_is_no_wider_than_a_page(run):
    """With everything shown no line of the day is wider than 100 columns."""
    shown = run("demo", "--db", "day.db").stdout + run("timeline", "day.db", "--show-text").stdout
    assert max(map(len, shown.splitlines())) <= 100


def test_the_clocks_of_an_interaction(run, day):
    """`clocks` shows with whom it was, with a total; as JSON the same in seconds, which add up."""
    chat = next(one for one in day if one["interaction"] == "i-2" and one["kind"] == "arrival")
    shown = run("clocks", "day.db", "--interaction", "i-2").stdout
    assert shown.startswith("Interaction i-2 (channel chat, customer c-1, journey ")
    for word in ("with us", "waiting in main", "served by finance", "marc", "in all", "100%"):
        assert word in shown, word
    plain = json.loads(run("clocks", "day.db", "--interaction", "i-2", "--json").stdout)
    (one,) = plain["interactions"]
    assert one["begun"] == chat["at"]
    assert sum(clock["time_s"] for clock in one["custody"]) == one["lifetime_s"] > 0


def test_the_clocks_of_a_journey_and_of_a_customer(run, day):
    """Each interaction with its clocks, and all of them together."""
    journey = next(one["what"].split()[-1] for one in day if "sets out on" in one["what"])
    for chosen in (("--journey", journey), ("--customer", "c-1")):
        plain = json.loads(run("clocks", "day.db", *chosen, "--json").stdout)
        lives = [one["lifetime_s"] for one in plain["interactions"]]
        assert plain["total"]["lifetime_s"] == pytest.approx(sum(lives))
    assert f"All {len(lives)} together" in run("clocks", "day.db", "--customer", "c-1").stdout


def test_the_clocks_of_what_is_open_are_read_at_a_time(run):
    """Until now, or until the time asked for, which has a zone."""
    (run.folder / "open.py").write_text(
        "from onechannel.simulation import VirtualCentre\n"
        "from onechannel.stores.sqlite import SQLiteStore\n"
        "store = SQLiteStore('open.db')\n"
        "VirtualCentre(store).customer('Ana').starts('voice')\n"
        "store.close()\n"
    )
    subprocess.run([sys.executable, "open.py"], cwd=run.folder, check=True)
    begun = json.loads(run("clocks", "open.db", "--customer", "c-1", "--json").stdout)
    (one,) = begun["interactions"]
    assert (one["ended"], one["lifetime_s"] > 3600) == (None, True)
    at = one["begun"].replace("T09:00:00Z", "T10:01:00+01:00")
    read = run("clocks", "open.db", "--interaction", "i-1", "--at", at, "--json").stdout
    assert json.loads(read)["interactions"][0]["lifetime_s"] == 60.0
    error = run("clocks", "open.db", "--interaction", "i-1", "--at", "10:01", code=2).stderr
    assert "with its zone" in error


def test_clocks_are_of_something(run, day):
    """Without a choice there is nothing to measure; what is not there is said."""
    assert "--interaction" in run("clocks", "day.db", code=2).stderr
    for name in ("interaction", "customer", "journey"):
        error = run("clocks", "day.db", f"--{name}", "nobody", code=1).stderr
        assert f"there is no {name} nobody" in error


def test_every_command_says_what_it_does(run):
    """Each has a line in the help, and a help of its own that explains every option."""
    text = run("--help").stdout
    for command in ("demo", "import", "timeline", "clocks", "report", "check"):
        assert command in text
        assert "--help" in run(command, "--help").stdout
    for option in ("--customer", "--interaction", "--journey", "--at", "--json"):
        assert option in run("clocks", "--help").stdout


def test_check_names_the_first_event_that_cannot_be(run):
    """A log that somebody tampered with is found out, with the position; exit code 3."""
    run("demo", "--db", "day.db")
    assert re.search(r"\d+ events, all consistent", run("check", "day.db").stdout)
    with sqlite3.connect(run.folder / "day.db") as connection:
        query = "select max(position) from events where type = 'assignment.accepted'"
        (position,) = connection.execute(query).fetchone()
        connection.execute("delete from events where position = ?", (position,))
    found = json.loads(run("check", "day.db", "--json", code=3).stdout)
    assert found["position"] == position


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "missing.db"), "missing.db: there is no such file"),
        (("report", "calls.txt"), "not a database"),
        (("check", "."), "."),
        (("import", "missing.txt", "--mapping", "{mapping}", "--into", "c.db"), "missing.txt"),
        (("import", "calls.txt", "--mapping", "missing.toml", "--into", "c.db"), "missing.toml"),
        (("import", "calls.txt", "--mapping", "calls.txt", "--into", "c.db"), "calls.txt"),
        (("import", "other.txt", "--mapping", "{mapping}", "--into", "c.db"), "column"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, log, arguments, said):
    """A file that is missing, or is something else, is named in one line; exit code 1."""
    (run.folder / "other.txt").write_text("a\tb\r\n1\t2\r\n")
    given = [str(argument).format(mapping=run.mapping) for argument in arguments]
    error = run(*given, code=1).stderr
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_a_database_of_a_newer_release(run):
    """A database that a newer release wrote is refused, with the way out."""
    run("demo", "--db", "day.db")
    with sqlite3.connect(run.folder / "day.db") as connection:
        connection.execute("pragma user_version = 99")
    assert "upgrade" in run("report", "day.db", code=1).stderr


def test_wrong_usage(run):
    """A word that is no command is exit code 2."""
    run("reprot", code=2)


def test_a_reader_who_has_enough(run):
    """A pipe that is closed early is no error."""
    run("demo", "--db", "day.db")
    piped = f"set -o pipefail; {sys.executable} -m onechannel timeline day.db | head -n 1"
    done = subprocess.run(
        ["bash", "-c", piped], cwd=run.folder, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_without_the_extra_it_says_which(run):
    """Without typer the command line says which extra brings it."""
    hide = "import sys; sys.modules['typer'] = None; from onechannel.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'pip install "onechannel[cli]"' in done.stderr
