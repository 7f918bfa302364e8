import { canonicalJson, sha256Hex } from '../../hash';
import { FEATURES, labelsOf, learn, type Learned, type LearnRequest, BadModel, RiskEngine } from '../../risk';
import type { RiskEngineJson } from '../../risk';
import { atOnce, type Steps } from '../../steps';
import type { Feedback, NewModel } from '../../store/models';

/** What a training came to, as it can be kept. */
export interface LearnedModel extends Pick<Learned, 'promote' | 'gates' | 'metrics' | 'data'> {
  readonly body: string;
  readonly description: string;
}

/**
 * Trains on a lesson and what reviewers said.
 * @param champion  the body of the model in force; one that cannot be read any more is passed over
 * @throws BadNumbers  when there is too little to learn from
 */
export function learnModel(
  lesson: LearnRequest['lesson'],
  {
    feedback,
    champion,
    seed,
    now,
  }: {
    readonly feedback: readonly Feedback[];
    readonly champion: string | null;
    readonly seed: number;
    readonly now: number;
  },
): LearnedModel {
  const labels = labelsOf(feedback, now);
  const { engine, ...rest } = learn({ lesson, labels, champion: readableOrNull(champion), seed });
  const body = JSON.stringify(engine);
  return { ...rest, body, description: descriptionOf(body, rest.data, seed) };
}

/** What `model_version` stands for: all that tells one training from another, and nothing that changes by itself. */
export function descriptionOf(body: string, data: NewModel['data'], seed: number): string {
  return canonicalJson({ kind: 'risk-model', body_sha256: sha256Hex(body), features: FEATURES.length, data, seed });
}

/**
 * The engine of a model's text.
 * @throws BadModel  when it is damaged, or was trained by a version with other features
 */
export function engineOf(body: string): RiskEngine {
  return atOnce(readingEngine(body));
}

/** The same in two steps: its JSON, then its parts all at once. */
export function* readingEngine(body: string): Steps<RiskEngine> {
  let json: RiskEngineJson;
  try {
    json = JSON.parse(body) as RiskEngineJson;
  } catch {
    throw new BadModel('risk engine', 'it is no JSON');
  }
  yield;
  const engine = RiskEngine.fromJSON(json);
  if (engine.features.length !== FEATURES.length || engine.features.some((name, at) => name !== FEATURES[at])) {
    throw new BadModel('risk engine', 'this version makes other features than those that it was trained on');
  }
  return engine;
}

function readableOrNull(body: string | null): RiskEngine | null {
  try {
    return body === null ? null : engineOf(body);
  } catch (thrown) {
    if (thrown instanceof BadModel) return null;
    throw thrown;
  }
}
