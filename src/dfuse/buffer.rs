//! Defines the buffer for bytes that are read and written.

use zeroize::Zeroizing;

/// Bytes of the device's memory. Wiped when dropped, because they may be a private key.
pub type Buffer = Zeroizing<Vec<u8>>;
