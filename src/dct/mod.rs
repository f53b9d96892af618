//! Knows the layout of a Duo's device configuration table (DCT), and reads its fields.
//!
//! This room knows offsets, sizes and the meaning of the few fields that the product needs. It does not know how the
//! bytes were read, nor what an RSA key is: it returns slots, and `keys` judges them.

mod device_id;
mod dump;
mod field;
mod flash;
mod image;
mod rewrite;
mod server_address;
mod whole;

pub use device_id::{DeviceId, DeviceIdError, DeviceIdSource};
pub use dump::{Dump, DumpKind, SECTION_SIZES};
pub use field::*;
pub use flash::{FLASH_SIZE, InFlash, find as find_in_flash};
pub use image::{Dct, DctImage};
pub use rewrite::{Known, Step, next_step};
pub use server_address::{
    DEFAULT_DEVICE_PORT, DEFAULT_SERVER_NAME, SERVER_FIELD, ServerAddress, ServerAddressError,
};
pub use whole::{APPLICATION_SECTION, COPY_SIZE, CopyRule, DctCopy, Half, WHOLE_SIZE, WhichCopy, WholeDct};
