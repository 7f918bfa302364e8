/**
 * What people do in Billing Audit itself, by the kinds of their events: decisions, the directory of people, what was set, and
 * what was done to the trail (in the chain `keeping`). The store writes them; none of these is a change of a sheet.
 */
export const ACT_KINDS = [
  'approval_given',
  'event_marked',
  'event_judged',
  'notice_answered',
  'callbacks_replayed',
  'person_saved',
  'person_removed',
  'people_taken',
  'rights_given',
  'configuration',
  'legal_hold_set',
  'legal_hold_released',
  'payloads_erased',
  'events_archived',
  'events_moved',
  'model_trained',
  'model_promoted',
  'model_rolled_back',
  'model_changed',
] as const;
