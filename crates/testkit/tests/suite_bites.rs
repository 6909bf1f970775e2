//! A suite that passes everything proves nothing: here are stores that break one guarantee each, and the cases that
//! catch them. Every one is the right store, altered in one point.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    reason = "tests share a module; in them a panic is a failed test"
)]

mod altered;
mod broken;

use altered::{Alter, Altered};
use broken::*;
use rollbook::store::Check;
use rollbook_testkit::{Fixture, Report, run_all, run_some};

/// The suite fails on the store, and these cases are among those that do.
#[track_caller]
fn assert_caught<F: Fixture>(fixture: &F, by: &[&str]) {
    // The one large case takes seconds on a store that copies everything, and catches none of these by itself.
    let report: Report = run_some(fixture, |case| case != "ordinals::ordinals_go_on_across_65_536");
    let caught: Vec<&str> = report.failed.iter().map(|failed| failed.case).collect();
    assert!(!report.is_clean(), "nothing caught a broken store");
    for case in by {
        assert!(report.failed_on(case), "{case} must catch it; caught by {caught:?}");
    }
}

/// One test for each store that breaks a guarantee, named after what it does.
macro_rules! caught {
    ($($name:ident: $alter:expr => [$($by:literal),+ $(,)?];)*) => {$(
        #[test]
        fn $name() {
            assert_caught(&|| Altered::new($alter), &[$($by),+]);
        }
    )*};
}

caught! {
    a_store_that_drops_the_last_operation: DropsTheLastOperation => [
        "atomicity::the_last_operation_of_a_set_is_applied",
        "sizes::a_set_of_the_largest_weight_is_applied_whole",
    ];
    a_store_that_ignores_open: IgnoresChecks(|check| matches!(check, Check::Open)) => [
        "checks::open_holds_until_the_app_is_sealed",
    ];
    a_store_that_ignores_absent: IgnoresChecks(|check| matches!(check, Check::Absent { .. })) => [
        "checks::absent_holds_while_no_device_has_the_id",
    ];
    a_store_that_ignores_unchanged: IgnoresChecks(|check| matches!(check, Check::Unchanged { .. })) => [
        "checks::unchanged_holds_at_exactly_the_version",
        "checks::of_racing_changes_of_one_version_one_wins",
    ];
    a_store_that_ignores_key_at_most: IgnoresChecks(|check| matches!(check, Check::KeyAtMost { .. })) => [
        "checks::key_at_most_counts_all_platforms_together",
        "isolation::write_skew",
    ];
    a_store_that_ignores_room: IgnoresChecks(|check| matches!(check, Check::Room { .. })) => [
        "checks::room_counts_the_tags_of_every_device",
        "checks::racing_tags_fill_the_room_of_a_device_exactly",
    ];
    a_store_that_ignores_linked: IgnoresChecks(|check| matches!(check, Check::Linked { .. })) => [
        "checks::linked_holds_while_every_device_has_the_key",
        "checks::linked_holds_while_no_device_has_the_key",
        "checks::linked_does_not_hold_for_a_place_that_was_left",
        "checks::of_racing_links_that_must_be_new_one_wins",
    ];
    a_store_that_ignores_unseen: IgnoresChecks(|check| matches!(check, Check::Unseen { .. })) => [
        "checks::unseen_holds_while_no_device_was_seen_since",
        "checks::unseen_does_not_hold_for_a_place_that_was_left",
    ];
    a_store_that_asks_only_whether_a_device_lacks_a_key: IgnoresChecks(|check| {
        matches!(check, Check::Linked { is: true, .. })
    }) => [
        "checks::linked_holds_while_every_device_has_the_key",
    ];
    a_store_that_counts_a_tag_twice_that_a_device_has: HasNoRoomForWhatIsThere => [
        "checks::room_lets_a_full_device_keep_the_tag_that_it_has",
    ];
    a_store_that_remembers_platforms_that_a_key_has_left: RemembersPlatforms::default() => [
        "relations::the_platforms_of_a_key_are_those_of_its_devices",
        "dropped::a_drop_on_some_platforms_leaves_the_others",
    ];
    a_store_that_looks_into_one_piece_of_a_posting: LooksIntoOnePiece => [
        "relations::a_posting_is_looked_into_for_any_ordinals",
    ];
    a_store_that_overlooks_devices: OverlooksDevices => [
        "ordinals::the_devices_of_a_platform_are_looked_into_for_any_ordinals",
    ];
    a_store_that_finds_whatever_it_looks_for: FindsWhateverItLooksFor => [
        "relations::a_posting_is_looked_into_for_any_ordinals",
        "dropped::a_dropped_key_is_gone_from_both_sides",
    ];
    a_store_that_condemns_up_to_an_event_before_the_set: CondemnsTooLittle => [
        "condemned::the_newest_event_is_that_at_this_point_of_the_set",
    ];
    a_store_that_condemns_events_yet_to_come: CondemnsTooMuch => [
        "condemned::condemning_writes_who_is_deleted_and_the_newest_event",
    ];
    a_store_that_gives_the_number_of_a_deletion_again: GivesDeletionsAgain => [
        "condemned::the_number_of_a_deletion_under_way_is_refused",
    ];
    a_store_that_ignores_entry: IgnoresChecks(|check| matches!(check, Check::Entry { .. })) => [
        "checks::entry_holds_at_exactly_the_version",
        "checks::of_racing_writes_of_one_entry_one_wins",
    ];
    a_store_that_applies_half_a_write_set: AppliesHalf => [
        "atomicity::an_operation_that_conflicts_applies_nothing",
        "atomicity::a_conflict_in_the_middle_of_a_large_set_applies_nothing",
    ];
    a_store_that_applies_what_a_check_refused: AppliesWhatItRefused => [
        "atomicity::a_check_that_fails_applies_nothing",
    ];
    a_store_that_shows_uncommitted_writes: ShowsUncommitted::default() => [
        "isolation::dirty_read_of_a_part_of_a_commit",
        "concurrency::every_commit_is_a_version_of_its_own",
    ];
    a_store_that_verifies_before_it_locks: VerifiesBeforeItLocks => [
        "isolation::write_skew",
        "checks::racing_tags_fill_the_room_of_a_device_exactly",
    ];
    a_store_whose_view_moves_on: ViewMovesOn::default() => [
        "isolation::read_skew",
        "isolation::phantom",
    ];
    a_store_whose_view_is_stale: Stale::default() => [
        "isolation::stale_read",
    ];
    a_store_that_keeps_empty_keys: KeepsEmptyKeys::default() => [
        "empty::a_key_whose_last_device_lost_it_is_absent",
        "empty::a_key_that_was_dropped_is_absent",
    ];
    a_store_that_leaves_the_device_side_of_a_link: LeavesOneSide => [
        "relations::an_alias_replaces_the_alias",
    ];
    a_store_that_counts_what_was_unlinked: Miscounts::default() => [
        "relations::an_unlink_is_seen_from_both_sides",
    ];
    a_store_that_fills_a_slot_again_as_if_it_were_new: ForgetsWhoFilled => [
        "ordinals::a_slot_that_is_filled_again_is_another_place",
        "ordinals::an_old_place_never_meets_the_later_device",
    ];
    a_store_that_turns_old_lists_into_new_devices: NamesLaterDevices => [
        "ordinals::a_list_of_ordinals_never_turns_into_later_devices",
        "ordinals::a_device_removed_and_inserted_in_one_set_came_later",
    ];
    a_store_that_lists_names_like_a_dictionary: DictionaryOrder => [
        "paging::names_come_in_byte_order",
    ];
    a_store_that_repeats_the_last_name_of_a_page: Pages::Repeat => [
        "paging::pages_of_names_neither_repeat_nor_skip",
    ];
    a_store_that_skips_a_name_between_pages: Pages::Skip => [
        "paging::pages_of_names_neither_repeat_nor_skip",
    ];
    a_store_that_loses_the_newest_event: LosesTheNewestEvent => [
        "log::the_newest_event_is_shown_at_once_in_every_index",
    ];
    a_store_that_orders_events_by_number_only: OrdersByNumber => [
        "log::events_are_ordered_by_time_then_number",
    ];
    a_store_that_erases_from_one_index_only: ErasesOneIndex::default() => [
        "log::an_owners_events_are_erased_in_the_order_of_their_numbers",
    ];
    a_store_that_mixes_two_apps: MixesApps => [
        "apps::what_is_done_in_one_app_is_not_in_another",
        "apps::apps_of_any_number_are_apart",
    ];
    a_store_that_resurrects_a_dropped_tag: Resurrects::default() => [
        "dropped::a_key_made_again_starts_empty",
    ];
    a_store_that_drops_on_all_platforms: DropsEverywhere => [
        "dropped::a_drop_on_some_platforms_leaves_the_others",
    ];
    a_store_that_does_not_count_an_empty_commit: SkipsEmptyCommits => [
        "records::the_version_grows_by_one_with_every_commit",
    ];
    a_store_that_counts_links_that_change_nothing: CountsVainLinks => [
        "records::a_link_that_changes_nothing_leaves_the_version",
    ];
    a_store_that_takes_an_older_heartbeat: TakesOlderHeartbeats => [
        "touch::an_older_heartbeat_changes_nothing",
    ];
    a_store_that_does_not_tell_who_vanished: TellsNobodyVanished => [
        "relations::users_without_devices_are_answered_sorted",
        "condemned::the_devices_of_a_user_become_those_of_the_deletion",
    ];
    a_store_that_takes_sets_of_any_weight: TakesAnyWeight => [
        "sizes::a_set_beyond_the_largest_weight_is_too_large",
    ];
}

#[test]
fn a_store_that_forgets_on_reopen() {
    assert_caught(
        &Forgetful,
        &["durability::everything_is_there_again", "durability::the_last_commit_is_there_again"],
    );
}

#[test]
fn a_store_that_forgets_emptied_slots_on_reopen() {
    assert_caught(&ForgetsSlots, &["durability::emptied_slots_are_remembered"]);
}

#[test]
fn the_store_that_is_altered_is_right() {
    struct Nothing;
    impl Alter for Nothing {}
    let report = run_all(&|| Altered::new(Nothing));
    assert!(report.is_clean(), "{report}");
}
