//! Empty: the tests in `tests/e2e` start the binary `riffle` as a user does.
