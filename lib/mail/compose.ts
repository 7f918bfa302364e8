import { type AuditEvent, parseAmount } from '../event';
import type { ComposedMail, MailContent, MailFrame, ToldAlert } from './content';
import { badge, buttons, facts, fromTo, heading, type Line, lines, list, page, paragraph, safeLink } from './html';
import { severityWord, subjectOf, whatHappened, worstFirst } from './subject';
import { tallyLines } from './tallies';
import { counted, dayText, deltaText, oneLine, personText, shortTimeText, timeText, valueText } from './words';

/** The worst alert is told with all that is known, some more in a line each, and all of them by count. */
const SHOWN_IN_FULL = 1;
const SHOWN_AS_LINES = 40;

/**
 * Writes the mail for one or many alerts, as plain text and as HTML that holds on a phone, in Outlook and in Gmail.
 * Pure: equal content and frame give equal text. Nothing from a sheet gets into it unescaped.
 * @param content  what the mail holds
 * @param frame    how it is dressed: prefix, time zone, links
 */
export function composeMail(content: MailContent, frame: MailFrame): ComposedMail {
  const subject = subjectOf(content, frame);
  const alerts = worstFirst(content.alerts, frame.columnAliases);
  const full = content.kind === 'first' ? alerts.slice(0, SHOWN_IN_FULL) : [];
  const short = alerts.slice(full.length, full.length + SHOWN_AS_LINES);
  const told = full.map((alert) => toldInFull(alert, frame));
  const listed = short.map((alert) => asLine(alert, frame));
  const unlisted = content.total - full.length - short.length;
  const rest = unlisted > 0 ? `And ${counted(unlisted, 'more')}, counted above.`.replace('mores', 'more') : '';
  const tallies = content.kind === 'first' && unlisted <= 0 ? [] : tallyLines(content.tallies, frame.columnAliases);
  const also = isAboutWatch(content.alerts) ? 'Also' : 'Also in this row';
  const parts = { opening: opening(content, frame), told, tallies, listed, rest, also, footer: footer(content, frame) };
  return { subject, text: asText(parts, frame), html: asHtml(subject, parts, frame) };
}

interface Parts {
  readonly opening: string;
  readonly told: readonly Told[];
  readonly tallies: readonly string[];
  readonly listed: readonly Line[];
  readonly rest: string;
  /** Over what follows the one that is told in full. */
  readonly also: string;
  readonly footer: readonly string[];
}

/** One alert with all that is known about it. */
interface Told {
  readonly word: string;
  readonly level: ToldAlert['severity'];
  readonly title: string;
  readonly change: { readonly from: string; readonly to: string; readonly delta: string | null } | null;
  readonly facts: readonly (readonly [string, string])[];
  readonly reasons: readonly string[];
  readonly links: readonly (readonly [string, string | null])[];
}

function toldInFull(alert: ToldAlert, frame: MailFrame): Told {
  const { event, notice } = alert;
  const why = alert.why.map(({ because }) => oneLine(because, 400));
  const base = levelOf(alert);
  if (!event) {
    const known = notice ? [['What', oneLine(notice.text, 1000)] as const] : [];
    const links = [['Open the dashboard', frame.dashboardLink(null)] as const];
    return { ...base, title: oneLine(notice?.title ?? 'An alert'), change: null, facts: known, reasons: why, links };
  }
  const aliases = frame.columnAliases;
  const change =
    event.kind === 'cell_changed' || event.kind === 'configuration'
      ? {
          from: valueText(event.old_value, event, aliases),
          to: valueText(event.new_value, event, aliases),
          delta: deltaText(event.delta, event, aliases),
        }
      : null;
  return {
    ...base,
    title: event.kind === 'cell_changed' ? oneLine(event.column_name ?? 'A cell', 80) : whatHappened(event, aliases),
    change,
    facts: factsOf(event, frame),
    reasons: [...new Set([...why, ...event.reasons.map(({ because }) => oneLine(because, 400))])],
    links: [
      ['Open the row', event.sheet_reference],
      ['Open the event', frame.dashboardLink(event.event_key)],
    ],
  };
}

/** The word, and the colour that goes with it. */
function levelOf(alert: ToldAlert): { readonly word: string; readonly level: ToldAlert['severity'] } {
  const word = severityWord(alert);
  return { word, level: word === alert.severity ? alert.severity : 'HIGH' };
}

function factsOf(event: AuditEvent, frame: MailFrame): (readonly [string, string])[] {
  if (event.kind === 'configuration') {
    return [
      ['What', oneLine(event.issue_description, 1000)],
      ['Who', event.changed_by === null ? 'not known: nobody was asked to sign in' : personText(event.changed_by)],
      ['When', timeText(event.changed_at, frame.timeZone)],
      ['What to do', oneLine(event.suggested_fix, 400)],
    ];
  }
  const known: (readonly [string, string | null])[] = [
    ['Who', personText(event.changed_by)],
    ['When', timeText(event.changed_at, frame.timeZone)],
    ['Sheet', oneLine(event.sheet_name || event.sheet_id)],
    ['Work request', event.work_request && oneLine(event.work_request)],
    ['Week ending', event.week_ending && `${dayText(event.week_ending)}${event.is_historical ? ' (closed)' : ''}`],
    ['Money', event.kind === 'cell_changed' ? null : deltaText(event.delta, event, frame.columnAliases)],
    ['Risk', event.risk_score === null ? 'not known' : `${Math.round(event.risk_score * 100)} of 100`],
    ['From where', event.ip_address ?? 'not known (Smartsheet did not say)'],
    ['What to do', event.suggested_fix ? oneLine(event.suggested_fix, 400) : null],
  ];
  return known.filter((fact): fact is readonly [string, string] => Boolean(fact[1]));
}

function asLine(alert: ToldAlert, frame: MailFrame): Line {
  const { event, notice } = alert;
  const base = levelOf(alert);
  if (!event) {
    return {
      ...base,
      text: oneLine(notice?.title ?? 'An alert'),
      detail: oneLine(notice?.text ?? '', 300),
      link: null,
    };
  }
  const delta = deltaText(event.delta, event, frame.columnAliases);
  const detail = [
    shortTimeText(event.changed_at, frame.timeZone),
    oneLine(event.sheet_name || event.sheet_id, 60),
    event.work_request && `work request ${oneLine(event.work_request, 40)}`,
    delta && !parseAmount(event.delta)?.eq(0) && `difference ${delta}`,
  ].filter(Boolean);
  return {
    ...base,
    text: whatHappened(event, frame.columnAliases),
    detail: `${detail.join(' · ')}.`,
    link: event.sheet_reference,
  };
}

function opening(content: MailContent, { timeZone }: MailFrame): string {
  const since = timeText(content.since, timeZone);
  if (content.kind === 'update') {
    return `Since ${since} there ${content.total === 1 ? 'was' : 'were'} ${counted(content.total, 'more alert')} of the kind that you were mailed about. This is all of it.`;
  }
  if (content.kind === 'digest') {
    const some = counted(content.total, 'alert');
    return content.alerts.some(({ why }) => why.some(({ code }) => code === 'held'))
      ? `${some} since ${since} waited for this summary: you are told the riskiest at once, as many as you said you can look at in a day and within an hour. None was dropped.`
      : `You already got ${counted(content.mailsPerHour, 'mail')} within an hour, so ${some} since ${since} waited for this summary. None was dropped.`;
  }
  if (content.total === 1) return '';
  const about = isAboutWatch(content.alerts) ? 'the watch itself' : 'the same row';
  return `${counted(content.total, 'alert')} about ${about}. The worst comes first.`;
}

/** Notices have no row. */
function isAboutWatch(alerts: readonly ToldAlert[]): boolean {
  return alerts.every(({ event, notice }) => event === null && notice !== null);
}

function footer({ recipient, alerts, kind, groupMinutes, mailsPerHour }: MailContent, frame: MailFrame): string[] {
  const isAlways = alerts.some(({ always }) => always);
  return [
    frame.practice ? 'Practice data: no real sheet was touched, and this mail went to a folder only.' : '',
    `You get this because ${recipient} is a recipient of the Alert node.${isAlways ? ' What it tells is always told, whatever the settings say.' : ''}`,
    kind === 'first'
      ? `More changes by the same person in the same sheet follow as one mail, at most every ${counted(groupMinutes, 'minute')}; at most ${counted(mailsPerHour, 'mail')} an hour.`
      : '',
    'To change who is told, from which risk, and how often: open the Alert node in the editor, or ask whoever runs Billing Audit.',
    'Billing Audit wrote this mail by itself. Nobody reads answers to it.',
  ].filter(Boolean);
}

function asText({ opening: first, told, tallies, listed, rest, footer: last }: Parts, frame: MailFrame): string {
  const blocks = [
    frame.practice ? 'PRACTICE DATA' : '',
    first,
    ...told.map(({ word, title, change, facts: known, reasons, links }) =>
      [
        `${word}: ${title}`,
        change && `${change.from} -> ${change.to}${change.delta === null ? '' : `  (difference ${change.delta})`}`,
        ...known.map(([name, value]) => `${`${name}:`.padEnd(14)}${value}`),
        ...(reasons.length ? ['Why it matters:', ...reasons.map((reason) => `  - ${reason}`)] : []),
        ...links.flatMap(([label, address]) => (safeLink(address) ? [`${label}: ${safeLink(address)}`] : [])),
      ]
        .filter((line) => line !== null)
        .join('\n'),
    ),
    tallies.length ? ['In all:', ...tallies.map((line) => `  - ${line}`)].join('\n') : '',
    ...listed.map(
      ({ word, text, detail, link }) => `${word}: ${text}\n  ${detail}${safeLink(link) ? `\n  ${safeLink(link)}` : ''}`,
    ),
    rest,
    ['--', ...last].join('\n'),
  ];
  return `${blocks.filter(Boolean).join('\n\n')}\n`;
}

function asHtml(
  subject: string,
  { opening: first, told, tallies, listed, rest, also, footer: last }: Parts,
  frame: MailFrame,
): string {
  const cards = told.map(
    ({ word, level, title, change, facts: known, reasons, links }) =>
      `<div style="margin:0 0 10px;">${badge(word, level)}</div>` +
      paragraph(title, 'font-size:19px;line-height:26px;font-weight:600;') +
      (change ? fromTo(change.from, change.to, change.delta) : '') +
      facts(known) +
      (reasons.length ? heading('Why it matters') + list(reasons) : '') +
      buttons(links),
  );
  const divider = '<div style="margin:16px 0;border-top:1px solid #dde3e9;font-size:0;line-height:0;">&nbsp;</div>';
  const body = [
    first ? paragraph(first) : '',
    cards.join(divider),
    tallies.length ? heading('In all') + list(tallies) : '',
    listed.length ? heading(told.length ? also : 'One by one, the worst first') + lines(listed) : '',
    rest ? paragraph(rest) : '',
    told.length ? '' : buttons([['Open the dashboard', frame.dashboardLink(null)]]),
  ].join('');
  const preview = told[0]?.reasons[0] ?? tallies[0] ?? first;
  return page({ title: subject, preview, banner: frame.practice ? 'Practice data' : '', body, footer: last });
}
