export { rpcRefused } from './refused-form';
export { CALLS_A_MINUTE } from './call-rate';
export { RPC_PATH, rpcDoor, type RpcDoor, type RpcDoorOptions } from './rpc-door';
