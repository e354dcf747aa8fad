//! What holds for the repository as a whole: who may use whom, and what every file keeps to.

mod dependencies;
mod edges;
mod packages;
mod repository;
mod tidy;
