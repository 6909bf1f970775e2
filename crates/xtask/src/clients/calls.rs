//! How many calls a client made, as the service counts them.

use std::collections::BTreeSet;
use std::fmt;

/// The calls of one client, by what became of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Calls {
    operations: usize,
    done: u64,
    refused: u64,
}

impl Calls {
    /// Reads them from the service's metrics: those of a face, and those of no known operation.
    pub(super) fn read(metrics: &str, face: &str) -> Self {
        let (mut operations, mut done, mut refused) = (BTreeSet::new(), 0, 0);
        for (operation, code, count) in metrics.lines().filter_map(counted) {
            if operation.split('.').next() != Some(face) && operation != "none" {
                continue;
            }
            operations.insert(operation);
            *if code == "200" { &mut done } else { &mut refused } += count;
        }
        Calls { operations: operations.len(), done, refused }
    }

    /// Did the client call at all?
    pub(super) fn any(&self) -> bool {
        self.done > 0
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Calls { operations, done, refused } = self;
        write!(f, "{} calls of {operations} operations, {done} done and {refused} refused", done + refused)
    }
}

/// Operation, code and number of a line that counts requests.
fn counted(line: &str) -> Option<(&str, &str, u64)> {
    let line = line.strip_prefix("rollbook_requests_total{operation=\"")?;
    let (operation, line) = line.split_once("\",code=\"")?;
    let (code, count) = line.split_once("\"} ")?;
    Some((operation, code, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_a_face_are_counted_by_what_became_of_them() {
        let metrics = concat!(
            "# TYPE rollbook_requests counter\n",
            "rollbook_requests_total{operation=\"jpush.tag.list\",code=\"200\"} 3\n",
            "rollbook_requests_total{operation=\"jpush.tag.list\",code=\"7004\"} 2\n",
            "rollbook_requests_total{operation=\"pushwoosh.register_user\",code=\"200\"} 5\n",
            "rollbook_requests_total{operation=\"none\",code=\"404\"} 1\n",
            "rollbook_request_seconds_count{operation=\"jpush.tag.list\"} 5\n",
        );
        let jpush = Calls::read(metrics, "jpush");
        assert_eq!(jpush, Calls { operations: 2, done: 3, refused: 3 });
        assert_eq!(jpush.to_string(), "6 calls of 2 operations, 3 done and 3 refused");
        assert_eq!(Calls::read(metrics, "pushwoosh"), Calls { operations: 2, done: 5, refused: 1 });
    }

    #[test]
    fn a_client_that_was_only_refused_did_nothing() {
        let refused = "rollbook_requests_total{operation=\"jpush.tag.list\",code=\"7008\"} 2\n";
        assert!(!Calls::read(refused, "jpush").any());
        assert!(!Calls::read("", "jpush").any());
        assert!(Calls::read(&refused.replace("7008", "200"), "jpush").any());
    }
}
