export { backup, type Backup } from './backup';
export { PracticeNotCopied } from './errors';
export { checkCopy, COPY_MARK } from './copies';
export { keepOf, readBackupSettings, startNightly, withoutNightly } from './nightly';
