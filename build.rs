//! Sets the linker options of the Node-API addon, and makes the folder for its types.

fn main() {
    if std::env::var_os("CARGO_FEATURE_ADDON").is_none() {
        let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|is| is == value);
        if is("CARGO_CFG_TARGET_OS", "windows") && is("CARGO_CFG_TARGET_ENV", "gnu") {
            // Where a library names no symbol to export, MinGW's linker exports them all: more than it can number.
            println!("cargo::rustc-cdylib-link-arg=-Wl,--exclude-all-symbols");
        }
        return;
    }
    napi_build::setup();
    if let Some(folder) = std::env::var_os("NAPI_TYPE_DEF_TMP_FOLDER") {
        std::fs::create_dir_all(folder).expect("the folder for the types can be made");
    }
}
