//! What the server serves, told to clients: `/api`, `/apis`, `/version`, health.
