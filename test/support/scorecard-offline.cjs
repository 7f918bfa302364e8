/**
 * Preloaded before Node-RED's scorecard, which asks the catalogue and npm at every run. Answers from what is installed
 * here, so that all its rules about the package itself run; names already taken (P08, N01) and the dependency tree (D02,
 * D03) need the network, and are judged before a release by running the scorecard without this file.
 */
const Module = require('node:module');
const { resolve } = require('node:path');

const installed = ['../../node_modules/node-red/package.json', '../hosts/node_modules/node-red-4/package.json'].map(
  (path) => require(resolve(__dirname, path)),
);
const [latest, maintenance] = installed;
const answers = {
  'https://catalogue.nodered.org/catalogue.json': { modules: [] },
  'https://registry.npmjs.org/node-red': {
    'dist-tags': { latest: latest.version, 'v4-maintenance': maintenance.version },
    versions: Object.fromEntries(installed.map((each) => [each.version, { engines: each.engines }])),
  },
};

const stubs = {
  axios: { get: async (url) => ({ data: answers[url] }) },
  'npm-remote-ls': { ls: (_name, _version, _flat, done) => done([]), config: () => undefined },
  'npm-check': async () => ({ get: () => [] }),
};

const load = Module._load;
Module._load = function (request, ...rest) {
  return Object.hasOwn(stubs, request) ? stubs[request] : load.call(this, request, ...rest);
};
