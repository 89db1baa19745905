"""Made-up rows of the bank's format, and what the adapter says of them."""

from pathlib import Path

from onechannel.adapters.delimited import Row, read_history, read_mapping

EXAMPLE = Path(__file__).parents[2] / "examples/anonymous_bank.toml"

#: A call that a machine served for five seconds, that waited thirty, and that Anat then served.
CALL = {
    "vru+line": "AA0101",
    "call_id": "4711",
    "customer_id": "7001",
    "priority": "2",
    "type": "PS",
    "date": "990104",
    "vru_entry": "9:00:00",
    "vru_exit": "9:00:05",
    "vru_time": "5",
    "q_start": "9:00:05",
    "q_exit": "9:00:35",
    "q_time": "30",
    "outcome": "AGENT",
    "ser_start": "9:00:35",
    "ser_exit": "9:02:00",
    "ser_time": "85",
    "server": "ANAT",
}
HEADER = "\t".join(CALL).encode() + b"\r\n"
NO_WAIT = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": "0"}
NO_SERVICE = {
    "ser_start": "0:00:00",
    "ser_exit": "0:00:00",
    "ser_time": "0",
    "server": "NO_SERVER",
}


def line(**changes):
    """One line of the file: the call, with some columns changed."""
    assert changes.keys() <= CALL.keys(), changes
    return "\t".join((CALL | changes).values()).encode() + b"\r\n"


def bank():
    """The mapping of the bank's file."""
    return read_mapping(EXAMPLE.read_text("utf-8"))


def read(*lines, mapping=None):
    """What the adapter makes of these lines under the bank's header."""
    return list(read_history([HEADER, *lines], mapping or bank()))


def facts(**changes):
    """What is observed of the call, with some columns changed."""
    (row,) = read(line(**changes))
    assert isinstance(row, Row), row
    return row.facts


def told(**changes):
    """The same in words, one each: the verb, and what an anomaly's claim and reason are."""
    words = []
    for fact in facts(**changes):
        name = type(fact.command).__name__.removeprefix("Observe").lower()
        if name == "anomaly":
            name = f"{fact.command.verb}: {fact.command.reason}"
        if name == "closed":
            name = fact.command.reason.value
        words.append(name)
    return words


def times(**changes):
    """When each fact was, by the wall clock of the UTC zone."""
    return [f"{fact.claimed_at:%m-%d %H:%M:%S}" for fact in facts(**changes)]
