//! An in-process or real cluster, builders and waits for tests.
