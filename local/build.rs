//! Recompiles the program when its page was rebuilt.

fn main() {
    println!("cargo::rerun-if-changed=../dashboard/dist");
}
