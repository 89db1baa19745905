"""Mapping files: what they may say, and how a wrong one is refused."""

import sys
import zoneinfo

import pytest
from tests.unit.bank_rows import CALL, EXAMPLE, HEADER, bank, line

from onechannel.adapters.delimited import read_history, read_mapping
from onechannel.errors import ExtraMissing, MappingInvalid

GOOD = """\
[file]
source = "shop"

[time]
zone = "Europe/Madrid"
date = { column = "day", format = "%d.%m.%Y" }

[interaction]
id = ["id"]
channel = "voice"

[waiting]
queue = "main"
start = "came"
end = "left"

[service]
worker = { column = "who" }
start = "taken"
seconds = "lasted"

[outcome]
column = "end"

[outcome.ends]
done = { answered = true, end = "resolved" }
gone = { queued = "abandoned", otherwise = "expired" }
"""

WRONG = [
    ("[file]", "[fil]", "file is missing: it must be a table"),
    ('source = "shop"', "", "file.source is missing: it must be text"),
    ('source = "shop"', "source = 5", "file.source must be text, not a number"),
    ('source = "shop"', 'source = " "', "file.source must not be empty"),
    ('source = "shop"', 'source = "a\\u0007b"', "file.source must be printable"),
    ('source = "shop"', 'source = "shop"\nsep = ";"', "file.sep is unknown: [file] knows source"),
    ('source = "shop"', 'source = "shop"\ndelimiter = ", "', "file.delimiter must be one ASCII"),
    ('source = "shop"', 'source = "shop"\ndelimiter = "\\n"', "file.delimiter must be one ASCII"),
    ('source = "shop"', 'source = "shop"\nquote = ","', "file.quote must not be the delimiter"),
    ('source = "shop"', 'source = "shop"\nencoding = "utf-16"', "file.encoding must keep ASCII"),
    ('source = "shop"', 'source = "shop"\nencoding = "x"', "file.encoding must keep ASCII"),
    ("Europe/Madrid", "Europe/Atlantis", "time.zone must be the name of a time zone"),
    ("Europe/Madrid", "../etc/passwd", "time.zone must be the name of a time zone"),
    ('zone = "Europe/Madrid"', "", "time.zone must be given, unless format has %z"),
    ("zone =", 'format = "%H:%M %z"\nzone =', "time.zone must be given, unless format has %z"),
    ("zone =", 'format = "%H"\nzone =', "time.format must name hour and minute"),
    ("zone =", 'format = "%Y-%m-%d %H:%M"\nzone =', "time.date must be left out"),
    ("date = {", "#", "time.format must name date and time"),
    ("%d.%m.%Y", "%m.%Y", "time.date.format must name year, month and day"),
    ("%d.%m.%Y", "%Y %Y", "time.date.format must name year, month and day"),
    ("%d.%m.%Y", "%Y %Q", "time.date.format must name year, month and day"),
    ("%d.%m.%Y", "%", "time.date.format must name year, month and day"),
    ('column = "day",', "", "time.date.column is missing: it must be text"),
    ('id = ["id"]', "", "interaction.id must name the columns"),
    ('id = ["id"]', "id = []", "interaction.id must name the columns"),
    ('id = ["id"]', 'id = ["id", 5]', "interaction.id must be text or a list of texts"),
    ('id = ["id"]', 'id = ["id", "id"]', "interaction.id must name each only once"),
    ('channel = "voice"', "", "interaction.channel is missing: it must be text, or a"),
    ('channel = "voice"', "channel = 1", "interaction.channel must be a table, not a number"),
    ("channel =", 'customer = "c"\nchannel =', "interaction.customer must be a table, not text"),
    ('start = "came"', "", "waiting.start is missing: it must be text"),
    ('end = "left"', "", "waiting.seconds is missing: give the column of the duration, or"),
    ('queue = "main"', 'queue = { column = "q", know = [] }', "waiting.queue.know is unknown"),
    ('seconds = "lasted"', 'seconds = "lasted"\ntolerance = -1', "service.tolerance must be 0 to"),
    ("[outcome.ends]", "[outcome.end]", "outcome.ends is missing: it must be a table"),
    ("answered = true", "answered = 1", "outcome.ends.done.answered must be true or false"),
    (
        'end = "resolved"',
        'end = "well"',
        "outcome.ends.done.end must be one of resolved, abandoned",
    ),
    (', end = "resolved"', "", "outcome.ends.done.end must be given alone, or else both"),
    ('queued = "abandoned", ', "", "outcome.ends.gone.end must be given alone, or else both"),
    ("done = {", 'done = { queued = "failed",', "outcome.ends.done.end must be given alone"),
    ("[outcome]", "[extra]\n[outcome]", "extra is unknown: the mapping knows file, time,"),
    ("[outcome]", "[outcome", "the mapping is not TOML: "),
]


def test_the_mapping_that_the_others_spoil_is_good():
    """Everything that may be left out is, and nothing is wrong."""
    mapping = read_mapping(GOOD)
    assert (mapping.source.delimiter, mapping.source.encoding) == (",", "utf-8")
    assert (mapping.customer.column, mapping.self_service) == (None, None)
    assert read_mapping("\ufeff" + GOOD) == mapping


@pytest.mark.parametrize(("old", "new", "complaint"), WRONG)
def test_a_wrong_mapping_is_refused_by_the_path_of_its_key(old, new, complaint):
    """The error names the key, what is wrong and what would be right."""
    assert old in GOOD
    with pytest.raises(MappingInvalid) as refused:
        read_mapping(GOOD.replace(old, new, 1))
    assert str(refused.value).startswith(complaint)


def test_a_mapping_needs_a_stage():
    """Without any stage there is nothing to observe."""
    text = GOOD[: GOOD.index("[waiting]")] + GOOD[GOOD.index("[outcome]") :]
    with pytest.raises(MappingInvalid, match="no stage: give one of self_service, waiting"):
        read_mapping(text.replace("answered = true, ", ""))
    with pytest.raises(MappingInvalid, match=r"outcome\.ends\.done\.answered must be left out"):
        read_mapping(text)


def test_a_mapping_needs_outcomes():
    """Without any outcome every row would be set aside."""
    with pytest.raises(MappingInvalid, match=r"outcome\.ends must say of each outcome"):
        read_mapping(GOOD[: GOOD.index("done = ")])


def test_without_time_zones_the_extra_is_named(monkeypatch):
    """Where neither the system nor a package has time zones, the error says what to install."""
    for name in ["tzdata", *(name for name in sys.modules if name.startswith("tzdata."))]:
        monkeypatch.setitem(sys.modules, name, None)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        with pytest.raises(ExtraMissing, match=r'time zones needs the extra "tz"'):
            read_mapping(GOOD)
    finally:
        zoneinfo.reset_tzpath(to=before)
    assert read_mapping(GOOD)


# -- the mapping and the header --------------------------------------------------------------------


def refusal(*lines, text=None):
    """Why a file with these lines is not what the mapping describes."""
    mapping = bank() if text is None else read_mapping(text)
    with pytest.raises(MappingInvalid) as refused:
        list(read_history(lines, mapping))
    return str(refused.value)


def test_the_example_names_every_column_of_the_bank():
    """The example leaves no column of its file unread."""
    assert {column for _, column in bank().columns()} == {*CALL}


def test_a_column_that_the_file_lacks():
    """The error names key and column, and the columns there are."""
    said = refusal(HEADER.replace(b"q_exit", b"q_end"), line())
    assert said.startswith("waiting.end names column q_exit, which the file does not have: ")
    assert said.endswith("outcome, ser_start, ser_exit, ser_time, server")


def test_a_column_that_the_file_has_twice():
    """Which of two columns is meant, nobody can say."""
    said = refusal(HEADER.replace(b"server", b"type"), line())
    assert said == "interaction.about names column type, which the header has 2 times"


def test_a_file_without_a_header_is_not_printed():
    """Where the first line is a row, its values are not taken for names of columns."""
    said = refusal(line(), line())
    assert said.endswith("does not look like a header (split by file.delimiter: 17 fields)")
    assert not any(value in said for value in ("7001", "4711", "ANAT"))


def test_another_delimiter_is_noticed_at_the_header():
    """A file split in the wrong places names no column that is asked for."""
    text = EXAMPLE.read_text("utf-8").replace('delimiter = "\\t"', 'delimiter = ","')
    said = refusal(HEADER, line(), text=text)
    assert said.endswith("does not look like a header (split by file.delimiter: 1 field)")


@pytest.mark.parametrize(
    ("lines", "why"),
    [([], "it is empty"), ([b"\r\n", HEADER], "it is empty"), ([b"\xff"], "is not ascii text")],
)
def test_a_file_whose_first_line_is_no_header(lines, why):
    """An empty file, or one that does not begin with its columns, is refused as a whole."""
    said = refusal(*lines)
    assert said.startswith("the first line must name the columns, but ")
    assert said.endswith(why)
