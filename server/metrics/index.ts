export { metricsText, type ProcessFacts } from './metrics-text';
export { metricsRoute, whereNobodyAnswers, whileStarting } from './routes';
