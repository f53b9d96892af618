//! Prints the JSON Schemas of the lines of `--json`, of a list of devices, and of all types of the API.

fn main() {
    println!("{:#}", duo_provision::addon::schema());
}
