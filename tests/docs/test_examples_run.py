"""The code blocks of the documents are run, and a wrong one is noticed.

Every test writes a document into a project of its own, beside a copy of the root ``conftest.py``.
"""

import textwrap

import pytest

OPTIONS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-rs")


@pytest.fixture
def document(pytester, request, monkeypatch):
    """Runs pytest over one document, given its text; ``~~~`` there stands for a fence."""
    root = request.config.rootpath
    pytester.makeconftest((root / "conftest.py").read_text("utf-8"))
    (pytester.path / "examples").mkdir()
    (pytester.path / "examples/lamp.txt").write_text("on\n")
    shared = pytester.mkdir("inputs")
    (shared / "there.txt").write_text("here I am\n")
    monkeypatch.setenv("ONECHANNEL_SHARED", str(shared))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(text: str):
        (pytester.path / "page.md").write_text(textwrap.dedent(text).replace("~~~", "```"))
        return pytester.runpytest_subprocess(*OPTIONS, "page.md")

    return run


GOOD = """\
# A page

~~~python
from pathlib import Path
Path("made.txt").write_text("one\\ntwo\\nthree\\n")
~~~

~~~console
$ cat made.txt
one
...
three
$ cat examples/lamp.txt | tr a-z A-Z    # a comment
ON
$ cat ../shared/there.txt
here I am
$ python -c 'import sys; print(sys.executable)'
~~~

~~~python
assert Path("made.txt").read_text().startswith("one")
~~~

~~~python
def test_itself(tmp_path):
    assert tmp_path.is_dir()
~~~

~~~python
# test_lamp.py
def test_the_lamp_is_off():
    assert open("examples/lamp.txt").read() == "off"
~~~

~~~console
$ grep -c lamp test_lamp.py
3
$ python -c 'raise SystemExit("it is on")'
it is...
exit 1
~~~

~~~sh
exit 1
~~~
"""


def test_a_good_document_passes(document):
    """Blocks share names and a directory, with the examples and the shared inputs in reach."""
    document(GOOD).assert_outcomes(passed=6)


@pytest.mark.parametrize(
    "block",
    [
        "python\nassert 1 == 2",
        "python\ntry:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError from e",
        "python\nif 1:",
        "python\nimport warnings\nwarnings.simplefilter('error')\nopen(__import__('os').devnull)",
        "python\ndef test_wrong():\n    assert 1 == 2",
        "python\nasync def test_wrong(no_such_fixture): ...",
        "console\n$ false",
        "console\n$ true; exit 3",
        "console\n$ no-such-command",
        "console\n$ true\nexit 1",
        "console\n$ exit 2\nexit 1",
        "console\n$ echo one two\ntwo...",
        "console\n$ printf 'one\\ntwo\\n'\ntwo\none",
        "console\n$ echo one\none\n...\ntwo",
        "console\n$ onechannel no-such-command",
    ],
)
def test_a_wrong_block_fails(document, block):
    """A block that raises, exits otherwise than it says or prints something else is a failure."""
    document(f"# A page\n\n~~~{block}\n~~~\n").assert_outcomes(failed=1)


def test_a_missing_input_skips_the_rest_visibly(document):
    """From the first command whose shared input is missing on, commands are skipped by name."""
    result = document(
        """\
        # A page

        ~~~console
        $ echo before
        before
        ~~~

        ~~~console
        $ cat ../shared/gone.txt
        ~~~

        ~~~console
        $ cat what-the-last-command-would-have-made
        ~~~
        """
    )
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["*../shared/gone.txt is missing: `cat ../shared/gone.txt`*"])


def test_documents_do_not_see_each_other(document, pytester):
    """Each document has a directory of its own, and leaves nothing behind."""
    (pytester.path / "other.md").write_text("```console\n$ test ! -e made.txt\n```\n")
    document(GOOD)
    result = pytester.runpytest_subprocess(*OPTIONS, "page.md", "other.md")
    result.assert_outcomes(passed=7)
    assert not (pytester.path / "made.txt").exists()
