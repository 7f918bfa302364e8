/** PGlite's file system on disk, whose types an `exports` map hides from this compiler's way of finding modules. */
declare module '@electric-sql/pglite/nodefs' {
  import type { PGliteOptions } from '@electric-sql/pglite';

  type Files = NonNullable<PGliteOptions['fs']>;

  /** The start options of the WebAssembly module. */
  export type StartOptions = Parameters<Files['init']>[1];

  export type NodeFS = Files & { readonly rootDir: string };

  export const NodeFS: new (directory: string) => NodeFS;
}
