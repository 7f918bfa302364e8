import { z } from 'zod';
import { defineNode, wire } from '../../lib/define';
import { modelTrainingFields } from './fields';
import { attendTraining, trainingStatus, trainModel } from './train';
import { model, models } from './wires';

export const modelTraining = defineNode({
  name: 'model-training',
  version: 1,
  runs: 'server',
  title: 'Model Training',
  summary:
    'Learns from the trail and from what reviewers said, compares with the model in force, and promotes or refuses.',
  // A tick, or which model is to be moved; the operation decides which, and checks it.
  input: wire('tick', z.unknown()),
  outputs: { model, models },
  credentials: [],
  fields: modelTrainingFields,
  example: {},
  run: trainModel,
  begin: attendTraining,
  status: trainingStatus,
});
