//! Who is calling, and may they: bearer tokens, RBAC, reviews.
