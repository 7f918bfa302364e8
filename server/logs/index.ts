export { LogFile, type LogFileOptions, type LogLevel, type LogLine } from './log-file';
export { nodeRedLogging, type NodeRedRecord } from './node-red-log';
export { redactor, type Redact } from './secrets';
export { openJournal, type Journal } from './journal';
