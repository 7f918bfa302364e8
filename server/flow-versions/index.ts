export { differenceOf, inWords, isDifferent, type Difference } from './difference';
export { keepingStorage, localStorageOfNodeRed, type NodeRedStorage, type SavedFlows } from './keeping-storage';
export { flowVersionRoutes } from './routes';
export { ShippedFlow, withShipped } from './shipped-flow';
export { VersionShelf, VersionUnknown, type FlowNode, type KeptVersion } from './version-shelf';
