//! What becomes of values that do not fit the type that the user asked for.

use std::fmt;
use std::str::FromStr;

/// The bad-value policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OnError {
    /// The first bad value ends it all with an error.
    #[default]
    Fail,
    /// A bad value becomes null and is counted.
    Null,
    /// The record goes to the rejects, whole, and is counted.
    Reject,
}

impl fmt::Display for OnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OnError::Fail => "fail",
            OnError::Null => "null",
            OnError::Reject => "reject",
        })
    }
}

/// The text names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no policy {0:?} for bad values; it is one of fail, null, reject")]
pub struct UnknownPolicy(pub String);

impl FromStr for OnError {
    type Err = UnknownPolicy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [OnError::Fail, OnError::Null, OnError::Reject]
            .into_iter()
            .find(|policy| policy.to_string() == name)
            .ok_or_else(|| UnknownPolicy(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in ["fail", "null", "reject"] {
            assert_eq!(name.parse::<OnError>().map(|policy| policy.to_string()), Ok(name.to_owned()));
        }
        assert!("ignore".parse::<OnError>().unwrap_err().to_string().contains("reject"));
    }
}
