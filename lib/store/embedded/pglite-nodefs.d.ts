/** PGlite's file system on disk, whose types an `exports` map hides from this compiler's way of finding modules. */
declare module '@electric-sql/pglite/nodefs' {
  import type { PGliteOptions } from '@electric-sql/pglite';

  type Files = NonNullable<PGliteOptions['fs']>;

  /** The start options of the WebAssembly module. */
  export type StartOptions = Parameters<Files['init']>[1];

  /** The class has all that `Files` asks for; merged in, since the compiler cannot see it. */
  export interface NodeFS extends Files {
    init(...given: Parameters<Files['init']>): ReturnType<Files['init']>;
  }

  export class NodeFS {
    protected readonly rootDir: string;
    constructor(directory: string);
  }
}
