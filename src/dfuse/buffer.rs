//! What is read and written.

use zeroize::Zeroizing;

/// Bytes of the device's memory, wiped when dropped, as they may be a private key.
pub type Buffer = Zeroizing<Vec<u8>>;
