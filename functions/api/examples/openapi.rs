//! Prints the OpenAPI description, for `scripts/contracts`.

#[expect(clippy::print_stdout, reason = "printing is the purpose of this example")]
fn main() {
    println!("{}", api::openapi());
}
