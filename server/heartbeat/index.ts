export { heartbeatCall, startHeartbeat, type Heartbeat, type HeartbeatOptions } from './heartbeat';
