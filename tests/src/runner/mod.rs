//! Every suite, one after the other.
