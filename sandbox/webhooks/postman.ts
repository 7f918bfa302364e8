import * as http from 'node:http';
import * as https from 'node:https';

/** What came back: a status with the body's first kilobytes, or nothing. */
export interface Answer {
  readonly status: number | 'timeout' | 'no answer';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Letter {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMilliseconds: number;
}

const MOST_CHARACTERS_READ = 16_384;

/** Posts callbacks and challenges. Follows no redirect and never rejects: no answer is an answer too. */
export class Postman {
  private readonly plain = new http.Agent({ keepAlive: true });
  private readonly secure = new https.Agent({ keepAlive: true });

  post(letter: Letter): Promise<Answer> {
    return new Promise((resolve) => {
      const none = (status: 'timeout' | 'no answer') => resolve({ status, headers: {}, body: '' });
      const url = new URL(letter.url);
      const isSecure = url.protocol === 'https:';
      const request = (isSecure ? https : http).request(url, {
        method: 'POST',
        agent: isSecure ? this.secure : this.plain,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(letter.body),
          ...letter.headers,
        },
      });
      const deadline = setTimeout(() => {
        none('timeout');
        request.destroy();
      }, letter.timeoutMilliseconds);
      const settle = (answer: Answer) => {
        clearTimeout(deadline);
        resolve(answer);
      };
      request.on('error', () => settle({ status: 'no answer', headers: {}, body: '' }));
      request.on('response', (response) => void readAnswer(response).then(settle));
      request.end(letter.body);
    });
  }

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value);
  let body = '';
  try {
    for await (const chunk of response) if (body.length < MOST_CHARACTERS_READ) body += String(chunk);
  } catch {
    return { status: 'no answer', headers, body };
  }
  return { status: response.statusCode ?? 'no answer', headers, body };
}
