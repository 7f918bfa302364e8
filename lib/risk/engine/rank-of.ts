/** What is known of an event by labels. */
export interface KnownRisk {
  readonly logOdds: number;
  /** The log-odds of a finding among the events that taught the risk: how often there is one at all. */
  readonly prior: number;
}

/**
 * What events are ranked by: the log-odds that it is a finding of a known kind, or of one that nobody has named yet. Labels say
 * that an unknown kind is harmless, so its odds go by strangeness alone: unknown kinds taken to be as frequent as known ones,
 * times `share`, and as many times likelier as the event is rare. The two are added as odds: what labels call likely keeps its
 * place, and what they call unlikely has that of its strangeness.
 * @param anomaly  how rare the event is among the training events, 0..1
 * @param share    0: kinds that nobody has named are left out
 */
export function rankOf({ logOdds, prior }: KnownRisk, anomaly: number, share: number): number {
  if (share === 0) return logOdds;
  const unknown = prior + Math.log(share) - Math.log1p(-anomaly);
  return Math.max(logOdds, unknown) + Math.log1p(Math.exp(-Math.abs(logOdds - unknown)));
}
