//! What every long-running role shares: arguments, logs, admin port, drain.
