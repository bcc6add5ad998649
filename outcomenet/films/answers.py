"""How a decoding worker's answer reaches its parent: JSON and plain bytes, checked against the type that was asked for.

A worker may have been taken over by the film that it decodes, so that nothing from it is ever unpickled, no length
believed beyond a limit, and no value taken of another type than the function's own.
"""

from __future__ import annotations

import dataclasses
import json
import socket
import struct
import types
import typing
from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeGuard

import numpy as np
from jaxtyping import jaxtyped

# Of an answer: its JSON, and its arrays (a film of 6,000 x 6,000 pixels has 72 MB).
MOST_JSON_BYTES = 2**20
MOST_ARRAY_BYTES = 2 * 6_000 * 6_000 + 2**20
_HEAD = struct.Struct("<IQ")  # their lengths
_DTYPES = {"|b1": np.dtype(np.bool_), "|u1": np.dtype(np.uint8), "<u2": np.dtype("<u2")}
_PLAIN = (bool, int, float, str, type(None))


class BadAnswer(ValueError):
    """An answer that the function asked for cannot have given."""


def packed(value: Any) -> tuple[Any, list[np.ndarray]]:
    """A value of plain types, tuples, records, enumerations, bytes and arrays: as JSON values, and the arrays they name.

    Raises TypeError for anything else.
    """
    arrays: list[np.ndarray] = []
    return _plain(value, arrays), arrays


def _plain(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, bytes):
        return _plain(np.frombuffer(value, np.uint8), arrays)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype.str in _DTYPES:
        arrays.append(np.ascontiguousarray(value))
        return [value.dtype.str, *value.shape]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [_plain(getattr(value, each.name), arrays) for each in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [_plain(each, arrays) for each in value]
    raise TypeError(f"a worker answers with plain values, records and arrays, not with {type(value).__name__}")


class Incoming:
    """An answer as it arrives piece by piece: nobody waits for a worker that stops in the middle of one."""

    def __init__(self) -> None:
        self._parts = [bytearray(_HEAD.size)]
        self._filled = 0

    def take(self, connection: socket.socket) -> bool:
        """Takes what a non-blocking connection holds; True once the answer is whole.

        Raises EOFError where the worker is gone, BadAnswer where it announces more than an answer can have.
        """
        while True:
            part = self._parts[-1]
            if self._filled < len(part):
                try:
                    count = connection.recv_into(memoryview(part)[self._filled :])
                except BlockingIOError:
                    return False
                except ConnectionResetError:
                    count = 0
                if count == 0:
                    raise EOFError
                self._filled += count
                continue
            if len(self._parts) == 3:
                return True
            said, data = _HEAD.unpack(self._parts[0])
            if said > MOST_JSON_BYTES or data > MOST_ARRAY_BYTES:
                raise BadAnswer("longer than any answer")
            self._parts.append(bytearray(said if len(self._parts) == 1 else data))
            self._filled = 0

    @property
    def said(self) -> list[Any]:
        """The whole answer's JSON: a list that begins with the kind of answer."""
        try:
            said = json.loads(self._parts[1])
        except (ValueError, RecursionError) as error:
            raise BadAnswer(str(error)) from None
        if not isinstance(said, list) or not said or not isinstance(said[0], str):
            raise BadAnswer("no list that begins with a word")
        return said

    @property
    def data(self) -> bytearray:
        return self._parts[2]


def outgoing(kind: str, said: list[Any], arrays: Sequence[np.ndarray] = ()) -> list[memoryview]:
    """The pieces of an answer, to be written one after the other."""
    text = json.dumps([kind, *said]).encode()
    pieces = [memoryview(array.reshape(-1).view(np.uint8)) for array in arrays]
    return [memoryview(_HEAD.pack(len(text), sum(map(len, pieces)))), memoryview(text), *pieces]


def is_text(value: object, most: int = 1_000) -> TypeGuard[str]:
    """Whether a value is a text that may be printed, of one line and not longer than `most` characters."""
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def unpacked(kind: Any, said: Any, data: bytearray) -> Any:
    """The value of type `kind` that JSON values and array bytes hold. Raises BadAnswer where they hold another."""
    try:
        with jaxtyped("context"):  # its axes' lengths are those of this answer, not of one that the caller had before
            value, rest = _typed(kind, said, memoryview(data))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, AttributeError) as error:
        raise BadAnswer(str(error)) from None
    if len(rest):
        raise BadAnswer("more bytes than were named")
    return value


def _typed(kind: Any, said: Any, data: memoryview) -> tuple[Any, memoryview]:
    """The value, and the bytes that are left for what follows it."""
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if said is None and type(None) in options:
            return None, data
        (kind,) = (option for option in options if option is not type(None))
        return _typed(kind, said, data)
    if hasattr(kind, "dtypes") or kind is bytes:
        return _array(kind, said, data)
    if kind is float and type(said) is int:
        return float(said), data
    if kind in _PLAIN or kind is None:
        if type(said) is not (type(None) if kind is None else kind):
            raise BadAnswer("a value of another type")
        return said, data
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(said), data
    if not isinstance(said, list):
        raise BadAnswer("no list where there are several values")
    return _several(kind, origin, options, said, data)


def _several(kind: Any, origin: Any, options: Any, said: list[Any], data: memoryview) -> tuple[Any, memoryview]:
    if origin is tuple:
        kinds = [options[0]] * len(said) if options[1:] == (Ellipsis,) else list(options)
        make: Any = lambda *values: tuple(values)  # noqa: E731
    else:
        hints = typing.get_type_hints(kind)
        names = [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else list(kind._fields)
        kinds, make = [hints[name] for name in names], kind
    values = []
    for each, part in zip(kinds, said, strict=True):
        value, data = _typed(each, part, data)
        values.append(value)
    return make(*values), data


def _array(kind: Any, said: Any, data: memoryview) -> tuple[Any, memoryview]:
    name, *shape = said
    dtype = _DTYPES[name]
    if not all(type(side) is int and side >= 0 for side in shape) or len(shape) > 4:
        raise BadAnswer("an array of an impossible shape")
    size = dtype.itemsize
    for side in shape:
        size *= side
    if size > len(data):
        raise BadAnswer("an array longer than its bytes")
    if kind is bytes:
        if name != "|u1" or len(shape) != 1:
            raise BadAnswer("an array where bytes belong")
        return bytes(data[:size]), data[size:]
    stored = np.uint8 if dtype == np.bool_ else dtype
    array = np.frombuffer(data[:size], stored).reshape(shape)
    array = array != 0 if dtype == np.bool_ else array
    if not isinstance(array, kind):
        raise BadAnswer("an array of another type or shape")
    return array, data[size:]
