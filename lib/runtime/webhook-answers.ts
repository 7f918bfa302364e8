import type { WebhookAnswer } from './runtime';

const bare = <Status extends number>(status: Status): WebhookAnswer & { readonly status: Status } => ({
  status,
  headers: {},
  body: '',
});

/**
 * Every answer that `/webhook` gives, but for the echo of a challenge (200 too). Smartsheet disables a webhook for a single
 * 201-299, 3xx or 410, and gives up after enough of the others, so there is nothing else (reference §2.7): what is
 * authentic is answered 200, or 503 until it can be stored.
 */
export const ANSWERS = {
  /** An authentic callback that is durable, whatever is in it. */
  stored: bare(200),
  /** Not signed with the secret of a webhook of this installation. */
  notAuthentic: bare(401),
  /** The store is down, or the journal's disk is full. */
  notStored: bare(503),
  /** It may be authentic: the secret was perhaps reset, and its owner cannot ask for it at present. */
  secretNotObtainable: bare(503),
  /** The body did not come to its end. */
  unfinished: bare(503),
  /** Others are sending so much at the moment that this body cannot be held. */
  tooMuchAtOnce: bare(503),
  /** More verification requests than Smartsheet ever sends. */
  tooManyChallenges: bare(503),
} as const satisfies Record<string, WebhookAnswer>;

/** Why a request was not taken; counted, logged at most once a minute each, and shown by health and metrics. */
export type Refusal =
  | 'no_bytes'
  | 'bad_challenge'
  | 'unknown_webhook'
  | 'missing'
  | 'malformed'
  | 'mismatch'
  | 'unreadable'
  | 'secret_not_obtainable'
  | 'unfinished'
  | 'too_much_at_once'
  | 'too_many_challenges';

export const ANSWER_TO: Readonly<Record<Refusal, WebhookAnswer>> = {
  no_bytes: ANSWERS.notAuthentic,
  bad_challenge: ANSWERS.notAuthentic,
  unknown_webhook: ANSWERS.notAuthentic,
  missing: ANSWERS.notAuthentic,
  malformed: ANSWERS.notAuthentic,
  mismatch: ANSWERS.notAuthentic,
  unreadable: ANSWERS.notAuthentic,
  secret_not_obtainable: ANSWERS.secretNotObtainable,
  unfinished: ANSWERS.unfinished,
  too_much_at_once: ANSWERS.tooMuchAtOnce,
  too_many_challenges: ANSWERS.tooManyChallenges,
};

export const WHAT_TO_DO: Readonly<Record<Refusal, string>> = {
  no_bytes:
    'The host handed over no raw bytes, without which no signature can be checked. Another node or middleware reads the body of /webhook first.',
  bad_challenge: 'A verification request was not well-formed: the header must be a UUID, and the body must repeat it.',
  unknown_webhook:
    'A webhook that does not belong to this installation calls here. If it is an old one of yours, delete it in Smartsheet; if it should be watched, deploy the Smartsheet Trigger again.',
  missing:
    'A callback came without a signature. Does something between Smartsheet and here remove the header Smartsheet-Hmac-SHA256?',
  malformed: 'A callback came with a signature that is none, or with two. Does a proxy join or repeat headers?',
  mismatch:
    'A callback was not signed with the secret of its webhook. If the secret was reset by hand, it is read again by itself within a minute where a Smartsheet Trigger watches the sheet; else somebody forges callbacks.',
  unreadable: 'A request came whose body is no callback and that no webhook of this installation has signed.',
  secret_not_obtainable:
    'A callback did not match the known secret of its webhook, and Smartsheet did not tell the present one. Smartsheet was asked to send it again; see that the token works.',
  unfinished:
    'A body did not come to its end in time. A slow or broken connection, or somebody who holds connections open.',
  too_much_at_once: 'More large bodies came at once than are held in memory. They were asked to come again later.',
  too_many_challenges:
    'Verification requests came faster than Smartsheet sends them. If it is not you who enables webhooks, somebody tries the address out.',
};
