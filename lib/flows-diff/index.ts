export { asTold } from './as-told';
export { diffFlows, type FlowDifference, type FlowNode, type NodeOfFlow, type PropertyDifference } from './diff-flows';
export { HIDDEN, withoutSecrets } from './without-secrets';
