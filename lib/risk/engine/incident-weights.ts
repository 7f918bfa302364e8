import type { TrainingRows } from './engine';

/** What all events of an incident weigh together at least: it counts the same whether it has one event or a hundred. */
const INCIDENT_WEIGHT = 20;

/** How much each row teaches the risk model. */
export function incidentWeights({ labels, incidents }: TrainingRows): Float64Array {
  const sizes = new Map<string, number>();
  for (const incident of incidents) if (incident !== null) sizes.set(incident, (sizes.get(incident) ?? 0) + 1);
  return Float64Array.from(incidents, (incident, row) =>
    labels[row] && incident !== null ? Math.max(1, INCIDENT_WEIGHT / (sizes.get(incident) as number)) : 1,
  );
}
