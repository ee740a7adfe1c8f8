//! Writes the bindings of another language from the built library, by the very uniffi that built it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
