/** Jest transform: one TypeScript file to CommonJS by esbuild. Types are checked by `tsc`, not here. */
const { transformSync } = require('esbuild');

module.exports = {
  process(source, filename) {
    return transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      target: 'node24',
      sourcefile: filename,
      // Jest's modules know no import() without a flag.
      supported: { 'dynamic-import': false },
      sourcemap: 'inline',
    });
  },
};
