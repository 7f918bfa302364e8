import { runFromCommandLine } from './command';

void runFromCommandLine(process.argv);
