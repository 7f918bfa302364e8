/** The three networks that are kept for examples (RFC 5737): nobody real is ever named. */
const NETWORKS = ['192.0.2', '198.51.100', '203.0.113'] as const;

/** A person's usual IP address: made up, and always the same for the same id. */
export function addressOfPerson(userId: number): string {
  const network = NETWORKS[userId % NETWORKS.length] ?? NETWORKS[0];
  return `${network}.${1 + (Math.floor(userId / NETWORKS.length) % 254)}`;
}
