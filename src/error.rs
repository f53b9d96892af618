//! One error for everything a person can meet.
