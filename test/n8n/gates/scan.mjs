/**
 * Runs the analysis of n8n's scanner on a folder: `scan.mjs FOLDER source|package`. Prints, as JSON, whether it passed, what
 * it found, and which files it read: a scan of nothing passes too.
 */
import { relative } from 'node:path';
import { ESLint } from 'eslint';
import { analyzePackage, SOURCE_FILE_PATTERNS } from '@n8n/scan-community-package/scanner/scanner.mjs';

const [folder, what] = process.argv.slice(2);
const read = [];
const findings = [];
const lintFiles = ESLint.prototype.lintFiles;
ESLint.prototype.lintFiles = async function (patterns) {
  const results = await lintFiles.call(this, patterns);
  for (const { filePath, messages } of results) {
    const file = relative(folder, filePath);
    read.push(file);
    for (const { ruleId, message, severity } of messages) findings.push({ file, ruleId, message, severity });
  }
  return results;
};

// What the published package is judged by is the second list of the scanner's own command.
const { passed } = await analyzePackage(folder, what === 'source' ? SOURCE_FILE_PATTERNS : ['**/*.js', 'package.json']);
process.stdout.write(JSON.stringify({ passed, read, findings }));
