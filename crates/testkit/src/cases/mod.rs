//! The table of cases, and the cases, in a file for each family.
//!
//! The table is the only list: it declares the families' modules, and makes the tests of
//! [`conformance!`](crate::conformance) and the run of [`run_all`](crate::run_all). A case that is not in it is dead
//! code, which the compiler reports.

mod apps;
mod atomicity;
mod catalogue;
mod checks;
mod concurrency;
mod condemned;
mod dropped;
mod durability;
mod empty;
mod isolation;
mod log;
mod moves;
mod ordinals;
mod paging;
mod records;
mod relations;
mod seal;
mod sizes;
mod touch;

/// Passes the table to another macro, after one argument of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __case_table {
    ($then:ident $($argument:tt)*) => {
        $crate::$then! { $($argument)*
            records {
                an_app_never_committed_to_is_empty_at_version_0
                a_device_is_found_by_id_and_by_slot
                every_field_of_a_record_comes_back
                ids_that_look_alike_are_different_devices
                every_platform_keeps_its_own_devices
                a_commit_answers_the_places_of_its_inserts_in_their_order
                put_replaces_the_whole_record
                put_keeps_keys_and_heartbeat
                a_removed_device_is_gone_from_every_answer
                an_id_may_be_inserted_again_after_its_removal
                an_id_may_be_removed_and_inserted_in_one_set
                the_version_grows_by_one_with_every_commit
                a_device_that_is_changed_gets_the_version
                a_link_that_changes_nothing_leaves_the_version
                a_device_that_is_not_named_keeps_its_version
            }
            catalogue {
                an_entry_of_every_kind_comes_back_with_its_version
                an_entry_is_replaced_under_its_key
                a_removed_entry_is_absent
                removing_an_entry_that_is_absent_changes_nothing
                entries_come_in_the_order_of_their_keys
                pages_of_entries_neither_repeat_nor_skip
            }
            relations {
                a_link_is_seen_from_both_sides
                an_unlink_is_seen_from_both_sides
                an_empty_slot_has_no_keys
                a_device_carries_many_tags
                a_key_names_devices_on_many_platforms
                the_platforms_of_a_key_are_those_of_its_devices
                a_posting_shrinks_and_grows_across_its_small_form
                a_posting_is_looked_into_for_any_ordinals
                an_alias_replaces_the_alias
                a_user_replaces_the_user
                a_device_has_a_user_or_a_deletion_never_both
                one_name_in_different_relations_is_different_keys
                names_that_look_alike_are_different_keys
                linking_what_is_linked_changes_nothing_else
                unlinking_what_is_not_linked_changes_nothing_else
                removing_a_device_takes_it_off_all_its_keys
                users_without_devices_are_answered_sorted
                a_user_that_is_back_at_the_end_of_the_set_has_not_vanished
            }
            empty {
                a_key_never_linked_is_absent
                a_key_whose_last_device_lost_it_is_absent
                a_key_whose_last_device_was_removed_is_absent
                a_key_whose_last_device_got_another_is_absent
                a_key_that_was_dropped_is_absent
                a_user_that_was_condemned_is_absent
                a_deletion_without_devices_is_absent
                a_key_made_and_lost_in_one_set_is_absent
                a_link_of_no_devices_makes_no_key
                a_key_that_is_empty_on_one_platform_only_stays
            }
            paging {
                names_come_in_byte_order
                pages_of_names_neither_repeat_nor_skip
                a_page_goes_on_behind_a_name_that_is_absent
                a_page_goes_on_after_its_last_name_was_lost
                a_page_of_nothing_is_empty
                a_key_on_many_platforms_is_listed_once
            }
            log {
                events_are_numbered_from_1_in_the_order_of_their_appends
                an_event_comes_back_whole
                events_are_ordered_by_time_then_number
                the_newest_event_is_shown_at_once_in_every_index
                every_index_shows_its_own_events
                both_ends_of_a_time_range_are_inclusive
                pages_of_events_neither_repeat_nor_skip
                an_events_page_goes_on_behind_a_position_that_is_absent
                removing_a_device_keeps_its_events
                an_owners_events_are_erased_in_the_order_of_their_numbers
                erasing_by_number_does_not_go_by_time
                erasing_an_owner_without_events_erases_nothing
                the_oldest_events_by_time_are_trimmed
                several_erasures_of_one_set_add_up
                a_set_erases_what_it_appended_before
                numbers_of_erased_events_are_not_given_again
            }
            atomicity {
                a_check_that_fails_applies_nothing
                the_last_of_many_checks_that_fails_applies_nothing
                an_operation_that_conflicts_applies_nothing
                a_conflict_in_the_middle_of_a_large_set_applies_nothing
                a_conflict_uses_no_version_number_or_ordinal
                operations_see_those_before_them
                the_last_operation_of_a_set_is_applied
                new_devices_come_with_their_keys
                the_keys_of_a_new_device_are_linked_in_their_order
                the_first_conflict_is_answered_checks_before_operations
                a_malformed_set_conflicts_and_applies_nothing
            }
            isolation {
                dirty_read_of_a_commit_that_failed
                dirty_read_of_a_part_of_a_commit
                read_skew
                phantom
                dirty_write
                lost_update
                write_skew
                stale_read
                torn_heartbeat
            }
            checks {
                open_holds_until_the_app_is_sealed
                absent_holds_while_no_device_has_the_id
                unchanged_holds_at_exactly_the_version
                unchanged_does_not_hold_for_a_place_that_was_left
                key_at_most_counts_all_platforms_together
                room_counts_the_tags_of_every_device
                unseen_holds_while_no_device_was_seen_since
                unseen_does_not_hold_for_a_place_that_was_left
                an_acknowledged_heartbeat_is_never_missed
                room_does_not_count_dropped_tags
                room_lets_a_full_device_keep_the_tag_that_it_has
                linked_holds_while_every_device_has_the_key
                linked_holds_while_no_device_has_the_key
                linked_does_not_hold_for_a_place_that_was_left
                linked_follows_a_key_that_was_dropped
                entry_holds_at_exactly_the_version
                checks_judge_the_state_before_the_operations
                a_check_alone_changes_nothing
                of_racing_inserts_of_one_id_one_wins
                of_racing_changes_of_one_version_one_wins
                of_racing_links_that_must_be_new_one_wins
                racing_tags_fill_the_room_of_a_device_exactly
                of_racing_writes_of_one_entry_one_wins
            }
            ordinals {
                the_first_device_of_a_slot_fills_it_at_version_0
                every_device_has_an_ordinal_of_its_own
                ordinals_of_removed_devices_are_given_again
                a_slot_that_is_filled_again_is_another_place
                a_slot_that_is_filled_again_starts_clean
                an_old_place_never_meets_the_later_device
                a_list_of_ordinals_never_turns_into_later_devices
                a_device_removed_and_inserted_in_one_set_came_later
                ids_come_in_the_order_of_the_list
                the_devices_of_a_platform_are_looked_into_for_any_ordinals
                a_key_names_devices_on_both_sides_of_65_536
                ordinals_go_on_across_65_536
                the_last_ordinals_are_given_and_then_the_platform_is_full
            }
            dropped {
                a_dropped_key_is_gone_from_both_sides
                a_drop_changes_no_version_of_a_device
                a_drop_on_some_platforms_leaves_the_others
                dropping_what_is_absent_changes_nothing
                a_key_made_again_starts_empty
                a_key_dropped_and_made_again_many_times_starts_empty
                another_key_never_inherits_the_devices_of_a_dropped_one
                a_drop_and_a_link_in_one_set_are_applied_in_order
                the_next_write_of_a_device_sweeps_what_it_holds
                a_device_may_have_the_key_again_that_it_still_holds
                every_relation_can_be_dropped
                a_dropped_user_has_vanished
                a_slot_that_is_filled_again_holds_nothing_dropped
            }
            condemned {
                the_devices_of_a_user_become_those_of_the_deletion
                a_condemned_device_may_be_given_to_a_user_again
                condemning_changes_nothing_else
                condemning_a_user_without_devices_condemns_none
                condemning_writes_who_is_deleted_and_the_newest_event
                the_newest_event_is_that_at_this_point_of_the_set
                the_number_of_a_deletion_under_way_is_refused
                a_user_made_again_has_only_its_new_devices
                condemned_devices_are_removed_in_any_number_of_steps
                a_condemned_device_may_get_a_user_again
                a_set_condemns_what_it_linked_before
                the_user_of_a_condemned_device_is_not_dropped_again
            }
            moves {
                a_device_moves_with_everything_it_has
                a_device_moves_to_and_fro
                two_devices_change_platforms_in_one_set
                a_move_that_conflicts_leaves_the_device_where_it_was
                a_list_read_before_a_move_names_the_device_at_most_once
            }
            sizes {
                a_commit_takes_at_least_a_weight_of_4_096
                the_store_says_the_same_of_itself_all_the_time
                a_set_of_the_largest_weight_is_applied_whole
                a_set_beyond_the_largest_weight_is_too_large
                checks_and_erasures_weigh_too
                a_full_platform_takes_no_more_devices
            }
            touch {
                a_device_never_seen_has_no_time
                a_heartbeat_is_shown
                an_older_heartbeat_changes_nothing
                a_time_given_at_the_insert_is_a_heartbeat
                a_heartbeat_makes_no_version
                heartbeats_of_places_that_were_left_are_skipped
                changing_a_device_keeps_its_heartbeat
                a_set_may_say_that_devices_were_seen
                touching_nothing_is_no_error
            }
            apps {
                what_is_done_in_one_app_is_not_in_another
                apps_keep_the_same_names_apart
                each_app_counts_its_own_versions_and_events
                apps_of_any_number_are_apart
                heartbeats_of_apps_are_apart
                touching_an_app_never_committed_to_is_no_error
            }
            seal {
                a_sealed_app_says_so
                a_sealed_app_stays_sealed
                only_commits_that_check_find_a_sealed_app_closed
            }
            durability {
                an_empty_store_opens_again
                everything_is_there_again
                the_last_commit_is_there_again
                what_was_removed_stays_removed
                dropped_keys_stay_dropped
                numbers_go_on_where_they_were
                emptied_slots_are_remembered
                a_seal_holds
                a_deletion_under_way_is_found_again
                a_commit_that_failed_is_not_there
            }
            concurrency {
                every_commit_is_a_version_of_its_own
                devices_that_get_one_tag_never_conflict
                a_reader_never_sees_what_contradicts_itself
                apps_are_written_side_by_side
                racing_removals_of_one_device_remove_it_once
            }
        }
    };
}

__case_table! { __conformance_list TABLE; }
