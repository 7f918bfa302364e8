export { upgrade, type Upgraded, type UpgradeOptions } from './upgrade';
