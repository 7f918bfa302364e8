/**
 * What the versions of rows tell is not documented well: that a row is made with 1, and rises by one for each changed
 * cell. It is believed until cell history contradicts it often enough; from then on only events and times count, so that
 * a wrong belief cannot use up the history budget (30 readings a minute).
 */
export class VersionTrust {
  private contradictions = 0;
  private madeHigher = 0;

  /** Whether a rise of a row's version that its changed cells do not explain means hidden values. */
  get ofRises(): boolean {
    return this.contradictions < MOST_CONTRADICTIONS;
  }

  /** Whether a new row with a version above 1 was changed since it was made, though its times do not say so. */
  get ofMaking(): boolean {
    return this.madeHigher < MOST_CONTRADICTIONS;
  }

  /** All of a known row's histories were read. */
  learnRise(wasExplained: boolean): void {
    this.contradictions = wasExplained ? 0 : this.contradictions + 1;
  }

  /** All histories of a new row with a version above 1 were read, its times being equal. */
  learnMaking(wasChanged: boolean): void {
    this.madeHigher = wasChanged ? 0 : this.madeHigher + 1;
  }
}

const MOST_CONTRADICTIONS = 5;
