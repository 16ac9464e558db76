//! stored form
