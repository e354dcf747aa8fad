//! Bodies that are not JSON: protobuf.
