"""What was worked out before, kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

_Asked = TypeVar("_Asked", bound=Hashable)
_Found = TypeVar("_Found")


class Remembered(dict[_Asked, _Found]):
    """What was found for what was asked, worked out when it is first looked up.

    At most so many are kept, since what is asked comes from strangers: then all are forgotten. Two
    threads may work out the same, so what is worked out twice has to be equal. To look up what is
    there calls nothing, which is why this is no `lru_cache`.
    """

    def __init__(self, work_out: Callable[[_Asked], _Found], most: int) -> None:
        """Remember what this gives, at most so many times."""
        super().__init__()
        self._work_out = work_out
        self._most = most

    def __missing__(self, asked: _Asked) -> _Found:
        """Work it out."""
        found = self._work_out(asked)
        if len(self) >= self._most:
            self.clear()
        self[asked] = found
        return found


class RememberedIfAskedAgain(Remembered[_Asked, _Found]):
    """What was found for what is asked a second time.

    Of strangers most are like none before or after, and what is kept of them would only be in the
    way of those who come again.
    """

    def __init__(self, work_out: Callable[[_Asked], _Found], most: int) -> None:
        """Remember what this gives, and what was asked once, each at most so many times."""
        super().__init__(work_out, most)
        self._asked_once: set[_Asked] = set()

    def __missing__(self, asked: _Asked) -> _Found:
        """Work it out."""
        once = self._asked_once
        if asked in once:
            once.discard(asked)
            return super().__missing__(asked)
        if len(once) >= self._most:
            once.clear()
        once.add(asked)
        return self._work_out(asked)
