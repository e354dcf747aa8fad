//! What a product, plan, key, request and decision are: pure functions of values and `now`.
