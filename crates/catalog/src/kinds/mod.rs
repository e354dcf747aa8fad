//! One file per kind: how an object enters or leaves the index, and who must look again.

mod approval;
mod gateway;
mod key;
mod kuadrant;
mod policy;
mod product;
mod request;
mod route;
mod secret;
