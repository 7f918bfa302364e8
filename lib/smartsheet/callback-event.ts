/** What a callback says of one thing that happened. Ids are decimal strings; what was not said is null. */
export interface CallbackEvent {
  /** `cell`, `row`, `column`, `sheet`, `attachment`, `comment`, `discussion`, or a type that is new. */
  readonly objectType: string;
  readonly eventType: string;
  readonly id: string | null;
  readonly rowId: string | null;
  readonly columnId: string | null;
  readonly userId: string | null;
  readonly at: string;
  readonly changeAgent: string | null;
}
