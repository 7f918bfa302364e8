import { storeContract } from './contract';
import { openEmbedded } from './stores';

describe('on the embedded store', () => storeContract(openEmbedded));
