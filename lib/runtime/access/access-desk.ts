import type { Status, Stop } from '../../define/node';

/** What a node wants Smartsheet's Event Reporting read with. */
export interface ReportRequest {
  readonly smartsheet: { readonly token: string; readonly base: string };
  /** Between two looks. */
  readonly pollSeconds: number;
}

/** Where access events come in that are not told but have to be read. */
export interface AccessDesk {
  /**
   * Reads Event Reporting into the store until it is stopped; nodes with the same account share one reader. A plan without
   * it, outages and refusals do not end it: they are shown, and it is tried again.
   * @throws BadSetting  when the address is none of Smartsheet's
   */
  follow(request: ReportRequest, show: (status: Status) => void): Promise<Stop>;
}
