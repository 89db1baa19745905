"""Whether what callers saw of one thing can have happened in some order, one after the other.

Laws of this file: it knows nothing of the library; an operation happens at one instant between its
invocation and its return; one that was never answered happened at some instant after its
invocation, or never. (Wing and Gong's search, remembering what was tried as Lowe does: the set of
operations done and the state they left.)
"""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeAlias

import attrs

__all__ = ["UNKNOWN", "Apply", "Operation", "Unexplained", "explained"]

#: The result of an operation that was never answered.
UNKNOWN = "unknown"


@attrs.frozen
class Operation:
    """What a caller did: when it began and when it had its result, by one clock for all."""

    caller: str
    name: str
    argument: Any
    result: Any
    invoked: float
    returned: float = math.inf

    @property
    def answered(self) -> bool:
        """Whether its caller knows what became of it."""
        return bool(self.result != UNKNOWN)


#: From a state and an operation's name and argument to the next state and the result it must have.
Apply: TypeAlias = Callable[[Any, str, Any], tuple[Hashable, Any]]


class Unexplained(AssertionError):
    """No order of these operations gives these results.

    `explained` is the longest order that does as far as it goes, `rest` what cannot follow it.
    """

    def __init__(self, explained: list[Operation], rest: list[Operation], state: object) -> None:
        waiting = "\n".join(f"  {one}" for one in rest[:12])
        super().__init__(
            f"{len(explained)} operations are explained and lead to {state}; none of these, which "
            f"were under way at that moment, can come next:\n{waiting}"
        )
        self.explained = explained
        self.rest = rest


def explained(history: Iterable[Operation], initial: Hashable, apply: Apply) -> list[Operation]:
    """An order in which it can have happened; raises `Unexplained` where there is none."""
    operations = sorted(history, key=lambda one: one.invoked)
    required = sum(1 << index for index, one in enumerate(operations) if one.answered)
    # What was done so far, as bits, the state it left, and the candidates not yet tried.
    path: list[int] = []
    stack = [(0, initial, _candidates(operations, 0))]
    tried: set[tuple[int, Hashable]] = {(0, initial)}
    best: tuple[list[int], int, Hashable] = ([], 0, initial)
    while stack:
        done, state, candidates = stack[-1]
        if done & required == required:
            return [operations[index] for index in path]
        if len(path) > len(best[0]):
            best = [*path], done, state
        for index in candidates:
            following = _after(operations[index], state, apply)
            place = done | 1 << index, following
            if following is not None and place not in tried:
                tried.add(place)
                path.append(index)
                stack.append((*place, _candidates(operations, place[0])))
                break
        else:
            stack.pop()
            if path:
                path.pop()
    under_way = [operations[index] for index in _candidates(operations, best[1])]
    raise Unexplained([operations[index] for index in best[0]], under_way, best[2])


def _after(operation: Operation, state: Hashable, apply: Apply) -> Hashable | None:
    """The state after it, or None where it would have had another result."""
    following, result = apply(state, operation.name, operation.argument)
    return following if not operation.answered or result == operation.result else None


def _candidates(operations: list[Operation], done: int) -> Iterator[int]:
    """Those that may come next: not done, and begun before any other that is not done returned."""
    waiting: list[int] = []
    first_return = math.inf
    index = (~done & (done + 1)).bit_length() - 1  # the first that is not done
    while index < len(operations) and operations[index].invoked <= first_return:
        if not done >> index & 1:
            waiting.append(index)
            first_return = min(first_return, operations[index].returned)
        index += 1
    return (index for index in waiting if operations[index].invoked <= first_return)
