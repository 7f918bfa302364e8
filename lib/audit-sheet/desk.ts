/** What a node asks for: that each event recorded from now on is written to a sheet of Smartsheet's too. */
export interface AuditSheetRequest {
  /** Of the node that asks. */
  readonly asker: string;
  /** Null: the sheet "Billing Report Audit Log" is found by its name, and made where there is none. */
  readonly sheetId: string | null;
  /** With so many rows a sheet is full, and the next one is made. */
  readonly mostRows: number;
  readonly smartsheet: { readonly token: string; readonly base: string };
}

export interface AuditSheetDesk {
  /**
   * Begins writing; at once, and whenever something is recorded.
   * @returns what ends it; `removed`: nobody asks for it any more, and later events do not wait for a sheet
   * @throws SecondAuditSheet
   */
  enlist(request: AuditSheetRequest): Promise<(end?: { readonly removed: boolean }) => Promise<void>>;
}
