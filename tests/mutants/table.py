"""The table of planted bugs: every rule that is held, with the bugs that would break it.

Law of this file: the rules are those of reliability; a row's id is its rule's with a number in the
order of the rows, so that a new row goes behind those of its rule.
"""

from typing import Final

from tests.mutants import rows_customers, rows_mail, rows_offers, rows_time, rows_work
from tests.mutants.planting import Mutant, numbered

__all__ = ["MUTANTS"]

#: Every bug, by rule.
MUTANTS: Final[tuple[Mutant, ...]] = numbered(
    (*rows_offers.ROWS, *rows_work.ROWS, *rows_customers.ROWS, *rows_time.ROWS, *rows_mail.ROWS),
)
