import { boolean, number, options, string } from '../../lib/define';

const TRAINING = { field: 'operation', is: ['train'] } as const;
const ACTING = { field: 'operation', is: ['train', 'promote', 'roll_back'] } as const;

export const modelTrainingFields = {
  operation: options({
    label: 'What to do',
    default: 'train',
    options: [
      { value: 'train', label: 'Train a model' },
      { value: 'list', label: 'Give the models' },
      { value: 'promote', label: 'Put a model in force' },
      { value: 'roll_back', label: 'Take the model in force back' },
    ],
  }),
  everyDays: number({
    label: 'Again after',
    hint: 'Days since the last training. 0: not by itself. Any message trains at once.',
    default: 7,
    min: 0,
    max: 365,
    integer: true,
    unit: 'days',
    showWhen: TRAINING,
  }),
  afterLabels: number({
    label: 'Or after',
    hint: 'Verdicts that reviewers gave since, each counted a day later. 0: not for them.',
    default: 20,
    min: 0,
    max: 10_000,
    integer: true,
    unit: 'verdicts',
    showWhen: TRAINING,
  }),
  onDrift: boolean({
    label: 'Or when scores drift',
    hint: 'Whether it trains when what is scored is no longer like what was learned from; once a day at most.',
    default: true,
    showWhen: TRAINING,
    more: true,
  }),
  promote: boolean({
    label: 'Put a better one in force',
    hint: 'Whether it does so by itself, when a model passes every gate. Off: the model waits for an administrator.',
    default: true,
    showWhen: TRAINING,
  }),
  seed: number({
    label: 'Seed',
    hint: 'Where chance begins. The same data and seed give the same model.',
    default: 0,
    min: 0,
    max: 2_147_483_647,
    integer: true,
    showWhen: TRAINING,
    more: true,
  }),
  most: number({
    label: 'Learn from',
    hint: 'The newest so many changes.',
    default: 100_000,
    min: 50,
    max: 300_000,
    integer: true,
    unit: 'changes',
    showWhen: TRAINING,
    more: true,
  }),
  administratorOnly: boolean({
    label: 'Only for an administrator',
    hint: 'Whether a message trains only when an administrator asks, as the two fields below say who it is.',
    default: false,
    showWhen: TRAINING,
    more: true,
  }),
  by: string({
    label: 'Who it is',
    hint: 'Who is signed in, as the server knows it. Never take it from the payload: a browser may send anything.',
    expression: true,
    showWhen: ACTING,
  }),
  role: string({
    label: 'Their role',
    hint: 'Only an admin may move models, or train where that is wanted.',
    expression: true,
    showWhen: ACTING,
  }),
} as const;
