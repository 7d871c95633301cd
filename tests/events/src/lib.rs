//! The events of `events/`, handed to the functions they are for. See `tests/`.
