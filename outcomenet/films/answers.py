"""Answers of decoding workers: JSON and plain bytes, checked against the type that the parent asked for.

A film may be made to take over the worker that decodes it. The parent therefore never unpickles what a worker sends,
believes no length beyond a limit, and takes no value of another type than the function's return type.
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
from typing import TypeGuard

import numpy as np
from jaxtyping import Shaped, jaxtyped

from outcomenet.films.film import MAXIMUM_PIXELS_PER_SIDE

# Of one answer. The arrays are at most the largest film (two bytes a pixel, 72 MB) and some small ones beside it.
MOST_JSON_BYTES = 2**20
MOST_ARRAY_BYTES = 2 * MAXIMUM_PIXELS_PER_SIDE**2 + 2**20
_MOST_AXES = 4  # joint, height, width, channel
_HEAD = struct.Struct("<IQ")  # length of the JSON, length of the arrays
_DTYPES = {"|b1": np.dtype(np.bool_), "|u1": np.dtype(np.uint8), "<u2": np.dtype("<u2")}
_PLAIN = (bool, int, float, str, type(None))


class BadAnswer(ValueError):
    """An answer that the function asked for cannot have given."""


def packed(value: object) -> tuple[object, list[Shaped[np.ndarray, "..."]]]:
    """Splits a value of plain types, tuples, records, enumerations, bytes and arrays into JSON values and arrays.

    Returns:
        JSON values in which type and shape stand for each array, and the arrays in the order in which they are named.

    Raises:
        TypeError: The value holds something else, such as a list, a dictionary or an array of floats.
    """
    arrays: list[np.ndarray] = []
    return _plain(value, arrays), arrays


def _plain(value: object, arrays: list[np.ndarray]) -> object:
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
    """An answer that arrives piece by piece, so that nobody waits for a worker that stops in the middle of one."""

    def __init__(self) -> None:
        self._parts = [bytearray(_HEAD.size)]
        self._filled = 0

    def take(self, connection: socket.socket) -> bool:
        """Takes the bytes that a non-blocking connection holds now.

        Returns:
            True once the answer is whole.

        Raises:
            EOFError: The worker is gone.
            BadAnswer: The worker announces more bytes than an answer can have.
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
            json_bytes, array_bytes = _HEAD.unpack(self._parts[0])
            # before the memory is taken: lengths are a worker's word
            if json_bytes > MOST_JSON_BYTES or array_bytes > MOST_ARRAY_BYTES:
                raise BadAnswer("longer than any answer")
            self._parts.append(bytearray(json_bytes if len(self._parts) == 1 else array_bytes))
            self._filled = 0

    @property
    def message(self) -> list[object]:
        """The JSON of a whole answer: a list that begins with the kind of answer."""
        try:
            message = json.loads(self._parts[1])
        except (ValueError, RecursionError) as error:
            raise BadAnswer(str(error)) from None
        if not isinstance(message, list) or not message or not isinstance(message[0], str):
            raise BadAnswer("no list that begins with a word")
        return message

    @property
    def data(self) -> bytearray:
        """The bytes of all arrays, one after the other."""
        return self._parts[2]


def outgoing(kind: str, values: Sequence[object], arrays: Sequence[Shaped[np.ndarray, "..."]] = ()) -> list[memoryview]:
    """The pieces of an answer: lengths, JSON, then each array's bytes.

    Args:
        kind: Kind of answer: "ready", "done", "refused" or "failed".
        values: JSON values that follow the kind.
        arrays: Arrays that `values` name, contiguous (`packed`).

    Returns:
        Views to be written one after the other; no array is copied.
    """
    text = json.dumps([kind, *values]).encode()
    pieces = [array.reshape(-1).view(np.uint8).data for array in arrays]
    return [memoryview(_HEAD.pack(len(text), sum(map(len, pieces)))), memoryview(text), *pieces]


def is_text(value: object, most: int = 1_000) -> TypeGuard[str]:
    """Whether a value is a text that may be printed on one line.

    Args:
        value: What a worker answered.
        most: Longest text allowed, in characters.

    Returns:
        False for other types, control characters and line breaks.
    """
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def unpacked(kind: object, message: object, data: bytearray) -> object:
    """The value that JSON values and array bytes hold.

    Args:
        kind: Type of the value, such as a function's return type: plain types, tuples, records, named tuples, enumerations,
            bytes, arrays with axis names, or one of these or None.
        message: JSON values as `packed` gives them.
        data: Bytes of the arrays.

    Returns:
        A value of type `kind`; arrays share memory with `data`.

    Raises:
        BadAnswer: The answer holds a value of another type, or bytes that no array has.
    """
    try:
        with jaxtyped("context"):  # its axes' lengths are those of this answer, not of one that the caller had before
            value, unread = _typed(kind, message, memoryview(data))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, AttributeError) as error:
        raise BadAnswer(str(error)) from None
    if len(unread):
        raise BadAnswer("more bytes than were named")
    return value


def _typed(kind: object, message: object, data: memoryview) -> tuple[object, memoryview]:
    """The value, and the bytes that are left for what follows it."""
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if message is None and type(None) in options:
            return None, data
        (kind,) = (option for option in options if option is not type(None))
        return _typed(kind, message, data)
    if hasattr(kind, "dtypes") or kind is bytes:
        return _array(kind, message, data)
    if kind is float and type(message) is int:
        return float(message), data
    if kind in _PLAIN or kind is None:
        if type(message) is not (type(None) if kind is None else kind):
            raise BadAnswer("a value of another type")
        return message, data
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(message), data
    if not isinstance(message, list):
        raise BadAnswer("no list where there are several values")
    return _several(kind, origin, options, message, data)


def _several(
    kind: object, origin: object, options: tuple[object, ...], message: list[object], data: memoryview
) -> tuple[object, memoryview]:
    """A tuple, record or named tuple of parts that each have a type."""
    if origin is tuple:
        kinds = [options[0]] * len(message) if options[1:] == (Ellipsis,) else list(options)
    else:
        hints = typing.get_type_hints(kind)
        kinds = [hints[name] for name in _part_names(kind)]
    values: list[object] = []
    for each, part in zip(kinds, message, strict=True):
        value, data = _typed(each, part, data)
        values.append(value)
    if origin is tuple:
        return tuple(values), data
    if not callable(kind):
        raise BadAnswer("several values where one belongs")
    return kind(*values), data


def _part_names(kind: object) -> Sequence[str]:
    """The parts of a record or named tuple in the order in which it is made of them; AttributeError for another type."""
    if dataclasses.is_dataclass(kind):
        return [each.name for each in dataclasses.fields(kind)]
    return getattr(kind, "_fields")  # noqa: B009


def _array(kind: object, message: object, data: memoryview) -> tuple[object, memoryview]:
    """An array or bytes, told by [type, sides ...]."""
    if not isinstance(message, list):
        raise BadAnswer("no list where an array belongs")
    name, *shape = message
    dtype = _DTYPES[name]
    if not all(type(side) is int and side >= 0 for side in shape) or len(shape) > _MOST_AXES:
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
    if not isinstance(kind, type) or not isinstance(array, kind):
        raise BadAnswer("an array of another type or shape")
    return array, data[size:]
