export { alertChannel } from './alert-channel';
export { smtp } from './smtp';
