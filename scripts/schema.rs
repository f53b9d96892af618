//! Prints the JSON Schema of the lines of `--json`, and that of all types of the API.

fn main() {
    println!("{:#}", duo_provision::addon::schema());
}
