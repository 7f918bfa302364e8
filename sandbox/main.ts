import { runFromCommandLine } from './command-line';

void runFromCommandLine(process.argv);
