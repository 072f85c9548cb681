//! The cases stand in the folder `cases`.
