//! Sets the linker options of the Node-API addon, and makes the folder for its types.

fn main() {
    if std::env::var_os("CARGO_FEATURE_ADDON").is_none() {
        return;
    }
    napi_build::setup();
    if let Some(folder) = std::env::var_os("NAPI_TYPE_DEF_TMP_FOLDER") {
        std::fs::create_dir_all(folder).expect("the folder for the types can be made");
    }
}
