"""What is raised where an invariant does not hold.

Law of this file: the message names the rule, the position and ids; never personal data.
"""

__all__ = ["InvariantBroken"]


class InvariantBroken(AssertionError):
    """Something cannot be: `rule` is the invariant's id, `position` that of the event, if any."""

    def __init__(self, rule: str, reason: str, position: int | None = None) -> None:
        where = "" if position is None else f" at event {position}"
        super().__init__(f"{rule}{where}: {reason}")
        self.rule: str = rule
        self.reason: str = reason
        self.position: int | None = position

    def __reduce__(self) -> tuple[type["InvariantBroken"], tuple[str, str, int | None]]:
        return type(self), (self.rule, self.reason, self.position)
