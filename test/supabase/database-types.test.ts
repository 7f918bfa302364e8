import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  createProgram,
  flattenDiagnosticMessageText,
  getPreEmitDiagnostics,
  ModuleKind,
  ModuleResolutionKind,
  ScriptTarget,
} from 'typescript';

jest.setTimeout(300_000);
const ROOT = resolve(__dirname, '../..');
const COMMAND = 'node scripts/build/database-types.mjs';
const TYPES = join(ROOT, 'supabase/database.types.ts');
const folder = join(ROOT, 'build', `types-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of a program that uses supabase-js with our types, line by line. */
function complaints(program: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'program.ts');
  writeFileSync(file, program);
  const compiled = createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    module: ModuleKind.ESNext,
    moduleResolution: ModuleResolutionKind.Bundler,
    types: [],
    paths: {
      '@supabase/supabase-js': [join(ROOT, 'test/hosts/node_modules/@supabase/supabase-js')],
      'billing-audit/types': [TYPES],
    },
  });
  return getPreEmitDiagnostics(compiled).map(({ messageText }) => flattenDiagnosticMessageText(messageText, ' '));
}

const PROGRAM = `
import { createClient } from '@supabase/supabase-js';
import type { Database } from 'billing-audit/types';
const client = createClient<Database>('https://x.example.com', 'key');
export async function search(): Promise<Database['public']['Functions']['billing_audit_search']['Returns'] | null> {
  const { data } = await client.rpc('CALLED', GIVEN);
  return data;
}`;
const program = (called: string, given: string): string => PROGRAM.replace('CALLED', called).replace('GIVEN', given);

describe('supabase/database.types.ts', () => {
  const types = readFileSync(TYPES, 'utf8');

  it('is what the migrations give now', () => {
    const [script = ''] = COMMAND.split(' ').slice(1);
    const now = execFileSync(process.execPath, [join(ROOT, script), '--print'], { cwd: ROOT, encoding: 'utf8' });
    if (now !== types)
      throw new Error(`supabase/database.types.ts is out of date. Run "${COMMAND}", and commit the file.`);
  });

  it('names each function that the API may call, and no table: none is reached', () => {
    expect(types).toContain('billing_audit_append: { Args: { p: Json }; Returns: Json }');
    expect(types).toMatch(/Tables: \{\s+\[_ in never\]: never\s+\}/);
    expect(types).not.toContain('audit_events');
  });

  it('types the client of supabase-js: a call that fits compiles, an unknown function or another argument does not', () => {
    expect(complaints(program('billing_audit_search', `{ p: { severity: 'HIGH', limit: 10 } }`))).toEqual([]);
    expect(complaints(program('billing_audit_serch', '{ p: {} }')).join()).toMatch(
      /"?billing_audit_serch"?.* is not assignable/,
    );
    expect(complaints(program('billing_audit_search', '{ q: {} }')).join()).toMatch(/not assignable|does not exist/);
  });
});
