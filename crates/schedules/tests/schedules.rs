//! Runs every scenario under random schedules and under schedules of changing priorities.

#![allow(clippy::expect_used, reason = "in a test a panic is a failed test")]
#![allow(clippy::print_stdout, reason = "how many schedules were tried is told")]

use rollbook_schedules::scenarios::{in_memory, newest_picture, through_the_gate};

/// The number of schedules of each kind, unless the environment variable `ROLLBOOK_SCHEDULES` has another number.
const SCHEDULES: usize = 5_000;
/// How often priorities change in one schedule.
const CHANGES: usize = 3;

fn explore(scenario: fn()) {
    let schedules = match std::env::var("ROLLBOOK_SCHEDULES") {
        Ok(number) => number.parse().expect("ROLLBOOK_SCHEDULES is a number"),
        Err(_) => SCHEDULES,
    };
    shuttle::check_random(scenario, schedules);
    shuttle::check_pct(scenario, schedules, CHANGES);
    println!("{schedules} schedules by chance, {schedules} by priorities");
}

/// Makes one test for each scenario, with the name of the scenario.
macro_rules! explored {
    ($($module:ident: $($name:ident),+ $(,)?;)*) => {$($(
        #[test]
        fn $name() {
            explore($module::$name);
        }
    )+)*};
}

explored! {
    in_memory:
        a_view_is_one_state,
        first_commits_get_versions_without_gaps,
        of_two_changes_of_one_version_one_wins,
        the_latest_heartbeat_remains,
        a_heartbeat_never_reaches_the_device_that_took_the_slot;
    through_the_gate:
        jobs_share_a_write,
        jobs_beyond_the_limit_wait_for_another_round,
        jobs_one_by_one,
        housekeeping_takes_its_turn,
        jobs_of_a_lost_leader_are_told;
    newest_picture:
        a_trusted_picture_is_of_the_snapshot;
}
