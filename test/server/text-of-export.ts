import { strFromU8, unzipSync } from 'fflate';

/** All that stands in an export of CSV files in a ZIP. */
export async function textOfExport(address: string, request: RequestInit): Promise<string> {
  const answer = await fetch(address, request);
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
  return Object.values(files)
    .map((bytes) => strFromU8(bytes))
    .join('\n');
}
