export type FraudPattern =
  | 'price inflation after close'
  | 'off-hours burst'
  | 'dormant account'
  | 'salami'
  | 'duplicate lines'
  | 'round padding'
  | 'privilege misuse'
  | 'mass deletion';

export type LookAlike = 'ten-fold typo' | 'price-book update' | 'paste' | 'late correction' | 'clean-up deletion';

export type Difficulty = 'easy' | 'medium' | 'hard';

/** Something that was planted: a fraud, or honest work that looks like one. No sheet ever says so. */
export interface Incident {
  /** `F-<number>` or `L-<number>`, unique in a plan. */
  readonly id: string;
  readonly isFraud: boolean;
  readonly pattern: FraudPattern | LookAlike;
  /** E-mail address. */
  readonly person: string;
  /** How hard a fraud is to tell from honest work; null for honest work. */
  readonly difficulty: Difficulty | null;
  /** For the trainer: what was done, in a sentence. */
  readonly story: string;
}
