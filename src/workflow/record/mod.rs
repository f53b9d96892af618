//! Puts backups and journal records on the disk before flash or cloud is touched.

pub mod backup;
pub mod journal;
pub mod kept;
pub mod newest;
