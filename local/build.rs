//! Compiles the program anew when its page was built anew.

fn main() {
    println!("cargo::rerun-if-changed=../dashboard/dist");
}
