/** The face of moving settings: out of one installation, into another, and back. */
export { readConfigurationFile, type ConfigurationFile } from './configuration-file';
export {
  applyImport,
  exportConfiguration,
  planImport,
  undoImport,
  type ConfigurationPlace,
  type Difference,
} from './transfer';
