/** What a program of somebody's own may tell. */
export const exampleOfAccess = {
  id: 'vpn-2026-01-15-0001',
  kind: 'signed_in',
  person: 'clerk@example.com',
  happened: 'clerk@example.com came in over the VPN from 203.0.113.7.',
  happened_at: '2026-01-15T15:30:00.000Z',
  ip_address: '203.0.113.7',
};
