//! Explanations as people get them: who may read what, and what they are told.

mod commands;
mod decided;
mod endings;
mod entries;
mod gateways;
mod keys;
mod leaving;
mod modes;
mod people;
mod products;
mod scene;
mod secrets;
mod tiers;
