"""What a failure of MongoDB's means: a conflict, a duplicate, an outage."""

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
)


def is_conflict(error: BaseException) -> bool:
    """Whether running the transaction again may succeed at once."""
    if not isinstance(error, PyMongoError) or is_outage(error):
        return False
    return error.has_error_label("TransientTransactionError") or is_duplicate(error)


def is_duplicate(error: BaseException, index: str = "") -> bool:
    """Whether a unique key stood against a write."""
    if isinstance(error, BulkWriteError):
        write_errors = (error.details or {}).get("writeErrors", [])
        return any(
            write_error.get("code") == 11000 and index in write_error.get("errmsg", "")
            for write_error in write_errors
        )
    return isinstance(error, DuplicateKeyError) and index in str(error)


def is_outage(error: BaseException) -> bool:
    """Whether MongoDB itself is away or changing its primary; nobody's event is to blame."""
    return isinstance(error, ConnectionFailure | ExecutionTimeout) or (
        isinstance(error, PyMongoError) and error.has_error_label("UnknownTransactionCommitResult")
    )
