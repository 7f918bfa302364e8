export { modelTraining } from './definition';
