"""A dict that stays as it is: what everybody shares must not be changed by anybody."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that nobody can change. It pickles and becomes JSON like any other."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this cannot be changed; dict(...) makes a copy that can")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        """Make it of its items at once, instead of setting one after another."""
        return FrozenDict, (dict(self),)


def frozen_dict(items: Any) -> FrozenDict[Any, Any]:  # noqa: ANN401 - attrs wants one type of a converter
    """The same items, for good."""
    return FrozenDict(items)
