"""The system's lock on a file, and how to wait for it no longer than one can.

Law of this file: a lock that comes when nobody wants it any more is let go at once, and neither a
thread nor a file is left behind for each wait.
"""

import threading
from io import FileIO
from typing import Final

try:
    import fcntl
except ImportError:  # Windows knows no such locks
    fcntl = None  # type: ignore[assignment]

__all__ = ["AVAILABLE", "Waiter", "is_taken", "let_go", "take_if_free"]

AVAILABLE: Final = fcntl is not None

# After so many seconds without anybody to wait for the thread ends: a dropped store leaves none.
_IDLE: Final = 1.0


def take_if_free(file: FileIO) -> bool:
    """Take the lock unless another holds it; whether it is held now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def let_go(file: FileIO) -> None:
    """Let the lock go; without it, nothing."""
    fcntl.flock(file, fcntl.LOCK_UN)


def is_taken(file: FileIO) -> bool:
    """Whether somebody else holds the lock."""
    try:
        # Shared with others who look; it goes with the file.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


class Waiter:
    """A thread that waits in the system's queue for one who can wait only for so long.

    Who gives up and asks again takes over the place in the queue.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked: FileIO | None = None
        self._wanted = self._closing = False
        self._fault: OSError | None = None

    @property
    def waiting(self) -> bool:
        """Whether the lock may still come, be it to one who has given up."""
        return self._asked is not None

    def ask(self, file: FileIO) -> None:
        """Begin to wait, or go on; always of the same file."""
        with self._changed:
            self._wanted = True
            if self._asked is None:
                self._asked, self._fault = file, None
                self._changed.notify_all()
            if self._thread is None:
                name = "onechannel-lock"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    def came(self, seconds: float) -> bool:
        """Whether the lock has come, within so many seconds; raises `OSError` if it cannot."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._asked is None, seconds)
            if came and self._fault is not None:
                raise self._fault
            return came

    def gives_up(self, file: FileIO) -> None:
        """Want it no longer; where it has come meanwhile it is let go."""
        with self._changed:
            if self._wanted and self._asked is None and self._fault is None:
                let_go(file)
            self._wanted = False

    def close(self, file: FileIO) -> None:
        """Close the file, if need be when the lock has come."""
        with self._changed:
            if self._asked is None:
                file.close()
            else:
                self._wanted, self._closing = False, True

    def _run(self) -> None:
        while (file := self._next()) is not None:
            fault = None
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as caught:
                fault = caught
            with self._changed:
                if self._closing:
                    file.close()
                elif not self._wanted and fault is None:
                    let_go(file)
                self._asked, self._fault = None, fault
                self._changed.notify_all()

    def _next(self) -> FileIO | None:
        """The file to wait for; None, and the thread's end, where nobody asks."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._asked is not None, _IDLE):
                self._thread = None
            return self._asked
