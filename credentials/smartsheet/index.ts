export { smartsheet } from './definition';
