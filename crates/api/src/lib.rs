//! The kinds as people write them, the foreign kinds we read, and every name we put on an object.
