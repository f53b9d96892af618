//! Puts backups and journal records on the disk before flash or cloud is touched.

pub(in crate::workflow) mod backup;
pub(in crate::workflow) mod journal;
pub(in crate::workflow) mod kept;
