import manifest from '../package.json';

/** One version for all that is published. */
export const version: string = manifest.version;
