"""The kinds of refusal that a picture can meet; each has its own stable code."""

from __future__ import annotations

from relume.signal import InputRejected, OutputRefused


class Unreadable(InputRejected):
    """The file is not there, is not a plain file, or may not be read."""

    code = "unreadable"


class NotAPicture(InputRejected):
    """The content is of no format that relume reads, whatever the extension says."""

    code = "not-a-picture"


class Damaged(InputRejected):
    """The content breaks off or contradicts itself."""

    code = "damaged"


class TooLarge(InputRejected):
    """More pixels, or more memory to decode, than the limits allow."""

    code = "too-large"


class Unsupported(InputRejected):
    """A sound picture of a kind that relume does not take: its samples, its channels, its values."""

    code = "unsupported"


class Exists(OutputRefused):
    """The output is there already; relume overwrites nothing."""

    code = "exists"


class Unwritable(OutputRefused):
    """The folder cannot be written, or the disk is full."""

    code = "unwritable"


class CannotHold(OutputRefused):
    """The output's format cannot hold this picture: its size, or its transparency."""

    code = "cannot-hold"
