export type Json =
  | string
  | number
  | boolean
  | null
  | { [key: string]: Json | undefined }
  | Json[]

export type Database = {
  public: {
    Tables: {
      [_ in never]: never
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      billing_audit_accept_bodies: {
        Args: { bodies: string; p: Json }
        Returns: Json
      }
      billing_audit_accept_callback: { Args: { p: Json }; Returns: Json }
      billing_audit_accept_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_access_events: { Args: { p: Json }; Returns: Json }
      billing_audit_access_overview: { Args: { p: Json }; Returns: Json }
      billing_audit_access_reader: { Args: { p: Json }; Returns: Json }
      billing_audit_acknowledge_alert: { Args: { p: Json }; Returns: Json }
      billing_audit_alert_of: { Args: { p: Json }; Returns: Json }
      billing_audit_alert_sittings: { Args: { p: Json }; Returns: Json }
      billing_audit_alerts: { Args: { p: Json }; Returns: Json }
      billing_audit_allow_training: { Args: { p: Json }; Returns: Json }
      billing_audit_append: { Args: { p: Json }; Returns: Json }
      billing_audit_approvals: { Args: { p: Json }; Returns: Json }
      billing_audit_approve: { Args: { p: Json }; Returns: Json }
      billing_audit_archivable: { Args: { p: Json }; Returns: Json }
      billing_audit_archive: { Args: { p: Json }; Returns: Json }
      billing_audit_archives: { Args: { p: Json }; Returns: Json }
      billing_audit_audit_sheets: { Args: { p: Json }; Returns: Json }
      billing_audit_begin_watch_trouble: { Args: { p: Json }; Returns: Json }
      billing_audit_budgets: { Args: { p: Json }; Returns: Json }
      billing_audit_champion_model: { Args: { p: Json }; Returns: Json }
      billing_audit_close_holes: { Args: { p: Json }; Returns: Json }
      billing_audit_configuration_in_force: { Args: { p: Json }; Returns: Json }
      billing_audit_counts: { Args: { p: Json }; Returns: Json }
      billing_audit_dead_by_sheet: { Args: { p: Json }; Returns: Json }
      billing_audit_dead_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_directory: { Args: { p: Json }; Returns: Json }
      billing_audit_end_watch_trouble: { Args: { p: Json }; Returns: Json }
      billing_audit_erase: { Args: { p: Json }; Returns: Json }
      billing_audit_event: { Args: { p: Json }; Returns: Json }
      billing_audit_fail_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_fail_job: { Args: { p: Json }; Returns: Json }
      billing_audit_find_holes: { Args: { p: Json }; Returns: Json }
      billing_audit_finish_job: { Args: { p: Json }; Returns: Json }
      billing_audit_forget_webhook: { Args: { p: Json }; Returns: Json }
      billing_audit_give_alert: { Args: { p: Json }; Returns: Json }
      billing_audit_guards: { Args: { p: Json }; Returns: Json }
      billing_audit_hold: { Args: { p: Json }; Returns: Json }
      billing_audit_holds: { Args: { p: Json }; Returns: Json }
      billing_audit_imported_lines: { Args: { p: Json }; Returns: Json }
      billing_audit_in_force: { Args: { p: Json }; Returns: Json }
      billing_audit_job: { Args: { p: Json }; Returns: Json }
      billing_audit_jobs: { Args: { p: Json }; Returns: Json }
      billing_audit_judge: { Args: { p: Json }; Returns: Json }
      billing_audit_judgements: { Args: { p: Json }; Returns: Json }
      billing_audit_keep_in_force: { Args: { p: Json }; Returns: Json }
      billing_audit_known_hangings: { Args: { p: Json }; Returns: Json }
      billing_audit_known_rows: { Args: { p: Json }; Returns: Json }
      billing_audit_known_sheets: { Args: { p: Json }; Returns: Json }
      billing_audit_lease_audit_rows: { Args: { p: Json }; Returns: Json }
      billing_audit_lease_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_lease_changes: { Args: { p: Json }; Returns: Json }
      billing_audit_lease_job: { Args: { p: Json }; Returns: Json }
      billing_audit_lease_mail: { Args: { p: Json }; Returns: Json }
      billing_audit_list_feedback: { Args: { p: Json }; Returns: Json }
      billing_audit_make_months: { Args: { p: Json }; Returns: Json }
      billing_audit_mark: { Args: { p: Json }; Returns: Json }
      billing_audit_mark_audit_rows: { Args: { p: Json }; Returns: Json }
      billing_audit_mark_told: { Args: { p: Json }; Returns: Json }
      billing_audit_marks: { Args: { p: Json }; Returns: Json }
      billing_audit_migrations: { Args: { p: Json }; Returns: Json }
      billing_audit_models: { Args: { p: Json }; Returns: Json }
      billing_audit_needs_look: { Args: { p: Json }; Returns: Json }
      billing_audit_open_hole: { Args: { p: Json }; Returns: Json }
      billing_audit_origin_candidates: { Args: { p: Json }; Returns: Json }
      billing_audit_outbox: { Args: { p: Json }; Returns: Json }
      billing_audit_overview: { Args: { p: Json }; Returns: Json }
      billing_audit_patterns: { Args: { p: Json }; Returns: Json }
      billing_audit_person_facts: { Args: { p: Json }; Returns: Json }
      billing_audit_promise: { Args: { p: Json }; Returns: Json }
      billing_audit_promote_model: { Args: { p: Json }; Returns: Json }
      billing_audit_put_configuration_in_force: {
        Args: { p: Json }
        Returns: Json
      }
      billing_audit_put_model: { Args: { p: Json }; Returns: Json }
      billing_audit_raise_alert: { Args: { p: Json }; Returns: Json }
      billing_audit_raise_notice: { Args: { p: Json }; Returns: Json }
      billing_audit_recent: { Args: { p: Json }; Returns: Json }
      billing_audit_reclaim_mail: { Args: { p: Json }; Returns: Json }
      billing_audit_record_access: { Args: { p: Json }; Returns: Json }
      billing_audit_record_coverage: { Args: { p: Json }; Returns: Json }
      billing_audit_record_origins: { Args: { p: Json }; Returns: Json }
      billing_audit_release_audit_rows: { Args: { p: Json }; Returns: Json }
      billing_audit_release_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_release_changes: { Args: { p: Json }; Returns: Json }
      billing_audit_release_hold: { Args: { p: Json }; Returns: Json }
      billing_audit_renew_callbacks: { Args: { p: Json }; Returns: Json }
      billing_audit_replay_dead: { Args: { p: Json }; Returns: Json }
      billing_audit_report_job: { Args: { p: Json }; Returns: Json }
      billing_audit_request_job: { Args: { p: Json }; Returns: Json }
      billing_audit_resolve: { Args: { p: Json }; Returns: Json }
      billing_audit_resolve_hangings: { Args: { p: Json }; Returns: Json }
      billing_audit_retire_alert_rule: { Args: { p: Json }; Returns: Json }
      billing_audit_retry_mail: { Args: { p: Json }; Returns: Json }
      billing_audit_roll_back_model: { Args: { p: Json }; Returns: Json }
      billing_audit_save_alert_rule: { Args: { p: Json }; Returns: Json }
      billing_audit_save_audit_sheet: { Args: { p: Json }; Returns: Json }
      billing_audit_save_people: { Args: { p: Json }; Returns: Json }
      billing_audit_save_webhook: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_anchored: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_checkpoints: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_commit: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_ends: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_events: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_heads: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_leaves: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_next: { Args: { p: Json }; Returns: Json }
      billing_audit_seal_state: { Args: { p: Json }; Returns: Json }
      billing_audit_search: { Args: { p: Json }; Returns: Json }
      billing_audit_seen_alerts: { Args: { p: Json }; Returns: Json }
      billing_audit_settle_mail: { Args: { p: Json }; Returns: Json }
      billing_audit_sheet: { Args: { p: Json }; Returns: Json }
      billing_audit_switch_audit_sheet: { Args: { p: Json }; Returns: Json }
      billing_audit_take_budget: { Args: { p: Json }; Returns: Json }
      billing_audit_take_people: { Args: { p: Json }; Returns: Json }
      billing_audit_trail_lines: { Args: { p: Json }; Returns: Json }
      billing_audit_try_dead_again: { Args: { p: Json }; Returns: Json }
      billing_audit_undecided_events: { Args: { p: Json }; Returns: Json }
      billing_audit_unexplained: { Args: { p: Json }; Returns: Json }
      billing_audit_untold_mails: { Args: { p: Json }; Returns: Json }
      billing_audit_verify: { Args: { p: Json }; Returns: Json }
      billing_audit_watch_seen: { Args: { p: Json }; Returns: Json }
      billing_audit_watch_troubles: { Args: { p: Json }; Returns: Json }
      billing_audit_webhooks: { Args: { p: Json }; Returns: Json }
      billing_audit_withdraw_job: { Args: { p: Json }; Returns: Json }
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}
