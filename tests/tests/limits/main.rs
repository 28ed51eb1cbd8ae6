//! Bad input never harms another client: in each of these a bystander gets right answers all the while.

mod bystander;
mod connections;
mod faults;
mod idle;
mod input;
mod log;
mod stampede;
