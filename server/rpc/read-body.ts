import type { IncomingMessage } from 'node:http';
import { RpcProblem } from './problem';

/**
 * The bytes of a body, as they came: a packed one is not unpacked, as PostgREST does not either.
 * @throws RpcProblem  413, and what is left of the body is thrown away as it comes
 */
export function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const refuse = (): void => {
      parts.length = 0;
      reject(tooLarge(most));
    };
    if (Number(request.headers['content-length'] ?? 0) > most) {
      request.resume();
      return refuse();
    }
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > most) refuse();
      else parts.push(part);
    });
    request.once('end', () => resolve(Buffer.concat(parts)));
    // The caller went away: nobody hears the answer, but the promise must end.
    request.once('close', () =>
      reject(new RpcProblem({ status: 400, code: 'PGRST102', message: 'The body was cut off.' })),
    );
    request.once('error', () => undefined);
  });
}

function tooLarge(most: number): RpcProblem {
  return new RpcProblem({
    status: 413,
    code: 'PT413',
    message: `The body is larger than ${most} bytes.`,
    hint: 'Send fewer events, rows or people in one call.',
    headers: { Connection: 'close' },
  });
}
