//! Prints the description of the API, for `scripts/contracts`.

#[expect(clippy::print_stdout, reason = "what it is for")]
fn main() {
    println!("{}", api::openapi());
}
