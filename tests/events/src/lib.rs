//! Tests with the events in `events/`, each passed to its function. See `tests/`.
