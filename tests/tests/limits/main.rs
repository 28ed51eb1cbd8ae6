//! Bad input never harms another client: in each test a bystander gets correct answers all the time.

mod bystander;
mod connections;
mod faults;
mod idle;
mod input;
mod log;
mod stampede;
