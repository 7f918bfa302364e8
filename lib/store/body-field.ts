/**
 * The bytes of a callback as a field of a call: as text where they are one, which is quicker to write and to read than
 * base64, and comes out as the same bytes.
 */
export function bodyField(body: Uint8Array): { readonly body_text: string } | { readonly body: string } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString('utf8');
  // What is no UTF-8 is read as U+FFFD; a database holds no NUL in a text.
  return text.includes('\ufffd') || text.includes('\0') ? { body: bytes.toString('base64') } : { body_text: text };
}
