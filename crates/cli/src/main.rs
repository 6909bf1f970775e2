//! The program `rollbook`.
fn main() {}
