export {
  accessEventSchema,
  KIND_WORDS,
  KINDS_OF,
  kindsShown,
  newAccessEventSchema,
  signIn,
  wellFormed,
  wellFormedValue,
  type AccessEvent,
  type AccessGroup,
  type AccessKind,
  type NewAccessEvent,
} from './access-event';
export {
  matchOrigin,
  ORIGIN_WINDOW_SECONDS,
  type Match,
  type MatchableChange,
  type Save,
  type SessionAt,
} from './match-origin';
export { readReport, type Activity, type Read } from './read-report';
export { originOf, type NewOrigin } from './origin';
