//! dct
