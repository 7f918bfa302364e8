export { backup, type Backup } from './backup';
export { checkCopy, copiesIn } from './copies';
export { keepOf, readBackupSettings, startNightly, withoutNightly } from './nightly';
