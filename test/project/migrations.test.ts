import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const files = readdirSync(join(__dirname, '../../supabase/migrations')).sort();

describe('the migrations', () => {
  it('have each a time of its own, by which Supabase and ours record what was applied', () => {
    const times = files.map((name) => name.slice(0, 14));
    expect(times.length).toBeGreaterThan(30);
    expect(times.filter((time, index) => times.indexOf(time) !== index)).toEqual([]);
  });

  it('are named as the Supabase CLI names them', () => {
    expect(files.filter((name) => !/^\d{14}_billing_audit_[a-z_]+\.sql$/.test(name))).toEqual([]);
  });
});
