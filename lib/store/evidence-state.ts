import type { EvidenceState } from './overview';

/** What the dashboard needs of `billing_audit_seal_state`. */
export interface SealStateTold {
  readonly size: number;
  readonly unsealed: number;
  readonly anchors: readonly { readonly tree_size: number | null; readonly why: string | null }[];
}

export function evidenceOf({ size, unsealed, anchors }: SealStateTold): EvidenceState {
  const working = anchors.filter(({ why }) => why === null).map(({ tree_size }) => tree_size ?? 0);
  return { sealed: size, unsealed, anchored: Math.max(0, ...working), failing: anchors.length - working.length };
}
