/** The face of the set-up: the same steps for a terminal, an answers file and a page. */
export { readAnswers } from './answers-file';
export {
  changedText,
  EnvFileDamaged,
  readEnvFile,
  writeEnvFile,
  type Changes,
  type EnvFile,
  type Values,
} from './env-file';
export { aliasesIn, flowFileOf, readFlow, writeFlow, type SavedNode } from './flow-settings';
export { runAnswers, StepRefused } from './run-answers';
export { setupRoutes, type SetupRoutes } from './pages/routes';
export { placeOfServer, type SetupPlace } from './setup';
export type { Tools } from './step';
export { InputEnded, Terminal } from './terminal/terminal';
export { runWizard, savedText } from './terminal/wizard';
export { freeBytes, proveWritable } from './writable-folder';
export { wayOut } from './way-out';
