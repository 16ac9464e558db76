//! Holidays (being built).
