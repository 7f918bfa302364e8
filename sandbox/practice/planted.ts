import type { CellValue } from '../office/types';
import type { Incident } from './incident';

/** One thing that an incident did, with the ids that an audit shows. */
export interface PlantedDeed {
  readonly at: string;
  readonly action: 'cell changed' | 'row added' | 'row deleted';
  readonly sheet: string;
  readonly sheetId: number;
  readonly rowId: number;
  readonly column?: string;
  readonly columnId?: number;
  readonly old?: CellValue;
  readonly new?: CellValue;
}

export interface PlantedIncident extends Incident {
  readonly deeds: readonly PlantedDeed[];
}

/** An office left open for days forgets what it planted first. */
const MOST_KEPT = 1_000;

/** The truth about what was planted, kept apart from the sheets. */
export class PlantedBook {
  private readonly byId = new Map<string, { incident: Incident; deeds: PlantedDeed[] }>();
  /** How many incidents there were in all. */
  count: number;

  constructor(known: readonly PlantedIncident[], count: number) {
    this.count = count;
    for (const { deeds, ...incident } of known) this.byId.set(incident.id, { incident, deeds: [...deeds] });
  }

  note(incident: Incident, deeds: readonly PlantedDeed[]): void {
    const known = this.byId.get(incident.id);
    if (known !== undefined) return void known.deeds.push(...deeds);
    this.byId.set(incident.id, { incident, deeds: [...deeds] });
    this.count = Math.max(this.count, Number(incident.id.slice(2)));
    const oldest = this.byId.keys().next().value;
    if (this.byId.size > MOST_KEPT && oldest !== undefined) this.byId.delete(oldest);
  }

  all(): PlantedIncident[] {
    return [...this.byId.values()].map(({ incident, deeds }) => ({ ...incident, deeds }));
  }
}
