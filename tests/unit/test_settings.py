"""Settings: every value of a TOML text knows where it stands, and says what is wrong with it."""

import json
import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onechannel import Calendar, Policy, SettingsInvalid, Worker
from onechannel.routing import read_policy
from onechannel.settings import Setting, built, duration_of, read_settings

EVERYTHING = '''# a comment = 1
title = "a \\"title\\" # no comment"   # a comment
"quoted.key" = 1
dotted.key.path = 2
'literal "key"'.x = true

[table]                       # with a comment
list = [
    1, 2,     # two
    [3, [4]],
    { a = 1, b = [5, 6] },
    """a long
text = 1
""", 'x',
]
long = """
[not.a.table]
key = "\\""" still
"""
raw = \'\'\'
[[nor.this]] \'\' \'\'\'
when = 2026-01-05 09:00:00
float = 1.5e3

[[steps]]
who = "ana"
[[steps]]
who = "marc"
with.inner = { deep = { deeper = 1 } }
[steps.more]
key = 1
[[steps.parts]]
n = 1
[[steps.parts]]
n = 2
[a."b c".d]
e = 1
'''


def places(setting: Setting):
    """Every value below a setting, itself first."""
    yield setting
    inside = setting.value.values() if isinstance(setting.value, dict) else setting.value
    if isinstance(setting.value, (dict, tuple)):
        for one in inside:
            yield from places(one)


def found(text: str) -> dict[str, int]:
    """The line of each key path."""
    return {one.key: one.line for one in places(read_settings(text, "x.toml"))}


def test_every_value_has_its_line():
    """Tables, lists of tables, dotted and quoted keys, long texts: each stands where it stands."""
    lines, text = found(EVERYTHING), EVERYTHING.split("\n")
    for key, holds in {
        "title": "title =",
        "'quoted.key'": '"quoted.key"',
        "dotted.key.path": "dotted.key.path",
        "'literal \"key\"'.x": "'literal",
        "table": "[table]",
        "table.list[1]": "1, 2,",
        "table.list[3][2][1]": "[3, [4]]",
        "table.list[4].b[2]": "{ a = 1, b = [5, 6] }",
        "table.list[5]": '"""a long',
        "table.list[6]": """", 'x',""",
        "table.long": "long =",
        "table.raw": "raw =",
        "table.when": "when =",
        "table.float": "float =",
        "steps[1].who": 'who = "ana"',
        "steps[2].who": 'who = "marc"',
        "steps[2].with.inner.deep.deeper": "with.inner",
        "steps[2].more.key": "key = 1",
        "steps[2].parts[1].n": "n = 1",
        "steps[2].parts[2].n": "n = 2",
        "a.'b c'.d.e": "e = 1",
    }.items():
        assert holds in text[lines[key] - 1], key


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
LEAVES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8"), max_size=9),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def written(value, layout) -> str:
    """A value as TOML has it: lists over lines, or not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        gap = "\n  " if layout.draw(st.booleans()) else " "
        return f"[{gap}{f', # x{chr(10)}'.join(written(one, layout) for one in value)}{gap}]"
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {written(one, layout)}" for key, one in value.items()]
        return f"{{ {', '.join(pairs)} }}"
    return str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.data())
def test_lines_of_any_document(document, layout):
    """Whatever is written, the plain values are tomllib's, and a key stands on the line it has."""
    lines = []
    for number, (key, value) in enumerate(document.items()):
        lines += [""] * layout.draw(st.integers(0, 2))
        name = json.dumps(key).replace("\x7f", "\\u007f")
        if isinstance(value, dict) and value and layout.draw(st.booleans()):
            lines.append(layout.draw(st.sampled_from(["[{}]", "[[{}]]"])).format(name))
            inside = value.items()
        else:
            lines.append(f"{name} = {written(value, layout)} # {number}")
            continue
        for inner, one in inside:
            lines.append(f"{json.dumps(inner)} = {written(one, layout)}".replace("\x7f", "\\u007f"))
    text = "\n".join(lines)
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(SettingsInvalid):
            read_settings(text, "x.toml")
        return
    setting, rows = read_settings(text, "x.toml"), text.split("\n")
    assert setting.plain == plain
    for key, one in setting.value.items():
        assert json.dumps(key).replace("\x7f", "\\u007f") in rows[one.line - 1]


@given(st.text(alphabet="ab=[]{}\".,'#\n\\ 1\t", max_size=60))
def test_no_text_is_too_much(text):
    """Any text is read, or refused with the file's name: nothing else is raised, nothing hangs."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(SettingsInvalid, match=r"^x\.toml:"):
            read_settings(text, "x.toml")
    else:
        assert read_settings(text, "x.toml").plain == plain


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("a = \n", "x.toml:1: is not TOML: Invalid value"),
        ("a = 1\n\na = 2", "x.toml:3: is not TOML: Cannot overwrite"),
        (b"a = '\xff'", "x.toml: is not UTF-8 text"),
        ("a" * 1_048_577, "x.toml: is longer than 1,048,576 bytes"),
        ("a = 1\nb = " + "[" * 5_000 + "]" * 5_000, "x.toml:2: goes deeper than 64 levels"),
        ("a = 1\n" + ".".join(["a"] * 20_000) + " = 1", "x.toml:2: goes deeper than 64 levels"),
        ("[" + ".".join(["a"] * 20_000) + "]", "x.toml:1: goes deeper than 64 levels"),
        ("a = " + "9" * 5_000, "x.toml: has a number that nobody would write"),
        ("# " + "ß" * 600_000, "x.toml: is longer than 1,048,576 bytes"),
        ("a = '\ud800'", "x.toml: is not UTF-8 text"),
    ],
)
def test_what_is_no_settings_is_refused_with_its_line(given, said):
    """Not TOML, not text, too long, too deep: refused by the file's name, before anything else."""
    with pytest.raises(SettingsInvalid) as refused:
        read_settings(given, "x.toml")
    assert str(refused.value).startswith(said)


def test_a_mark_of_byte_order_is_no_key():
    """Files of some editors begin with one."""
    assert read_settings(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n", "x.toml").plain == {"a": 1, "b": 2}


# -- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("20", timedelta(seconds=20)),
        ("1.5", timedelta(seconds=1.5)),
        ('"20s"', timedelta(seconds=20)),
        ('"5m"', timedelta(minutes=5)),
        ('"1h30m"', timedelta(minutes=90)),
        ('"2d 4h"', timedelta(hours=52)),
        ('"250ms"', timedelta(milliseconds=250)),
        ('"0.5h"', timedelta(minutes=30)),
        ('"5 m"', timedelta(minutes=5)),
        ('"1m500ms"', timedelta(minutes=1, milliseconds=500)),
        ("0", timedelta(0)),
    ],
)
def test_a_span_of_time_is_a_number_of_seconds_or_says_its_units(text, span):
    """As people write it."""
    assert duration_of(read_settings(f"a = {text}", "x.toml").table["a"]) == span


@pytest.mark.parametrize(
    "text",
    [
        '""',
        '"soon"',
        '"5"',
        '"5x"',
        '"-5m"',
        "true",
        "[]",
        "inf",
        "nan",
        "1e300",
        "-5",
        '"٣s"',
        '"5ms3s"',
        '"5m5m"',
    ],
)
def test_what_is_no_span_of_time_is_refused(text):
    """With what would be right."""
    with pytest.raises(
        SettingsInvalid, match=r'x\.toml:1: a: must be a span of time: seconds, or "20s"'
    ):
        duration_of(read_settings(f"a = {text}", "x.toml").table["a"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skils = {}", "x.toml:1: skils: is not known here: did you mean skills?"),
        ("kind = 'robot'", "x.toml:1: "),
        ("\n\nskills = { a = 'much' }", "x.toml:3: skills: "),
        ("capacity = { totals = 3 }", "x.toml:1: capacity.totals: is not known here: did you mean"),
        ("[capacity]\ntotal = -1", "x.toml:2: capacity.total: Capacity.total must be"),
        ("wrap_up = 'soon'", "x.toml:1: wrap_up: must be a span of time"),
        ("capacity = 3", "x.toml:1: capacity: must be a table, not int"),
    ],
)
def test_a_value_is_built_of_its_table(text, said):
    """Whatever is wrong with a field is said at its key, on its line."""
    with pytest.raises(SettingsInvalid) as refused:
        built(Worker, read_settings(text, "x.toml"), {"id": "w"})
    assert str(refused.value).startswith(said)


def test_a_value_may_be_made_by_a_function():
    """A calendar as people put it: what the function takes are the keys."""
    text = "zone = 'Europe/Madrid'\nmon_fri = '09:00-17:00'\nholidays = ['2026-12-25', 2026-01-01]"
    office = built(Calendar.weekly, read_settings(text, "x.toml"), {"name": "office"})
    assert office == Calendar.weekly(
        "office",
        zone="Europe/Madrid",
        mon_fri="09:00-17:00",
        holidays=["2026-12-25", "2026-01-01"],
    )


def test_what_is_needed_is_asked_for():
    """A field without a default must be there."""
    with pytest.raises(SettingsInvalid, match=r"x.toml:1: name is missing"):
        built(Policy, read_settings("", "x.toml"))


def test_one_of_several_classes_is_known_by_its_fields():
    """A plan by its steps, or by the name of a callable."""
    rule = read_policy("name = 'a'\nplan = { steps = [{}] }", "x.toml")
    named = read_policy("name = 'a'\nplan = { name = 'mine' }", "x.toml")
    assert (type(rule.plan).__name__, type(named.plan).__name__) == ("PlanRule", "Named")
