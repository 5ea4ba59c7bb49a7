"""The small pictures of the runtime's tests serve here as well."""

from tests.runtime.conftest import make

__all__ = ["make"]
