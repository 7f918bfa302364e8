/**
 * Text that is safe inside an element and inside a quoted attribute. Every text from a sheet, a person or a setting goes
 * through here; nothing else in a mail is made of such text.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/gu, (character) => `&#${character.codePointAt(0)};`);
}

/** An address that may stand in a link: http or https, nothing that runs. Null for all else. */
export function safeLink(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const url = new URL(address);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

const FONT = "font-family:'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const TABLE = 'role="presentation" cellpadding="0" cellspacing="0" border="0"';

/** Background and text of each level; all pairs have a contrast above 7 to 1. The word beside says it too. */
const LEVEL = {
  HIGH: 'background-color:#a61b1b;color:#ffffff;',
  MEDIUM: 'background-color:#fde8c8;color:#5c3700;',
  LOW: 'background-color:#e3e8ee;color:#2b3640;',
} as const;

export type Level = keyof typeof LEVEL;

/** A paragraph of plain text. */
export function paragraph(text: string, style = ''): string {
  return `<p style="margin:0 0 12px;font-size:15px;line-height:22px;color:#1d2733;${FONT}${style}">${escapeHtml(text)}</p>`;
}

export function heading(text: string): string {
  return `<h2 style="margin:20px 0 8px;font-size:16px;line-height:22px;color:#1d2733;font-weight:600;${FONT}">${escapeHtml(text)}</h2>`;
}

/** A word in the colour of its level. */
export function badge(word: string, level: Level): string {
  return `<span style="display:inline-block;padding:3px 10px;font-size:12px;line-height:18px;font-weight:700;letter-spacing:0.4px;border-radius:3px;${LEVEL[level]}${FONT}">${escapeHtml(word)}</span>`;
}

/** Facts as two columns: name and value. A value may break anywhere, so that a phone never scrolls sideways. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(
    ([name, value]) =>
      `<tr><td width="108" valign="top" style="padding:5px 12px 5px 0;font-size:13px;line-height:20px;color:#56636f;${FONT}">${escapeHtml(name)}</td>` +
      `<td valign="top" style="padding:5px 0;font-size:15px;line-height:20px;color:#1d2733;word-break:break-word;overflow-wrap:anywhere;${FONT}">${escapeHtml(value)}</td></tr>`,
  );
  return `<table ${TABLE} width="100%" style="margin:0 0 12px;">${cells.join('')}</table>`;
}

/** From what to what: the one thing that must be seen at a glance. */
export function fromTo(from: string, to: string, delta: string | null): string {
  const value = (text: string, style: string): string =>
    `<span style="font-size:20px;line-height:28px;word-break:break-word;overflow-wrap:anywhere;${style}${FONT}">${escapeHtml(text)}</span>`;
  const arrow = '<span style="font-size:20px;line-height:28px;color:#56636f;">&nbsp;&rarr;&nbsp;</span>';
  const by =
    delta === null
      ? ''
      : `<div style="padding-top:2px;font-size:14px;line-height:20px;color:#56636f;${FONT}">${escapeHtml(`Difference: ${delta}`)}</div>`;
  return `<div style="padding:10px 14px;margin:0 0 12px;background-color:#f4f6f8;border-radius:4px;">${value(from, 'color:#56636f;')}${arrow}${value(to, 'color:#1d2733;font-weight:700;')}${by}</div>`;
}

/** Sentences under each other. */
export function list(sentences: readonly string[]): string {
  const items = sentences.map(
    (sentence) =>
      `<tr><td width="16" valign="top" style="padding:2px 0;font-size:15px;line-height:22px;color:#56636f;${FONT}">&bull;</td>` +
      `<td valign="top" style="padding:2px 0;font-size:15px;line-height:22px;color:#1d2733;word-break:break-word;overflow-wrap:anywhere;${FONT}">${escapeHtml(sentence)}</td></tr>`,
  );
  return items.length ? `<table ${TABLE} width="100%" style="margin:0 0 12px;">${items.join('')}</table>` : '';
}

/** Links that look like buttons, also in Outlook, which knows no rounded ones. */
export function buttons(links: readonly (readonly [string, string | null])[]): string {
  const cells = links
    .filter((link): link is readonly [string, string] => safeLink(link[1]) !== null)
    .map(([label, address], index) => {
      const colours =
        index === 0 ? 'background-color:#0b4f8a;color:#ffffff;' : 'background-color:#e3e8ee;color:#0b3a63;';
      const href = escapeHtml(safeLink(address) ?? '');
      return (
        `<table ${TABLE} style="display:inline-block;margin:0 8px 8px 0;"><tr><td style="border-radius:4px;${colours}">` +
        `<a href="${href}" style="display:inline-block;padding:10px 16px;font-size:15px;line-height:20px;font-weight:600;text-decoration:none;${colours}border-radius:4px;${FONT}">${escapeHtml(label)}</a></td></tr></table>`
      );
    });
  return cells.length ? `<div style="margin:4px 0 8px;">${cells.join('')}</div>` : '';
}

export interface Line {
  readonly level: Level;
  readonly word: string;
  readonly text: string;
  readonly detail: string;
  readonly link: string | null;
}

/** Many alerts, one under the other; each opens its row where there is one. */
export function lines(all: readonly Line[]): string {
  const rows = all.map(({ level, word, text, detail, link }) => {
    const address = safeLink(link);
    const opens = address
      ? ` <a href="${escapeHtml(address)}" style="color:#0b4f8a;white-space:nowrap;">Open the row</a>`
      : '';
    return (
      `<tr><td style="padding:10px 0;border-top:1px solid #dde3e9;font-size:15px;line-height:22px;color:#1d2733;word-break:break-word;overflow-wrap:anywhere;${FONT}">` +
      `${badge(word, level)} ${escapeHtml(text)}<div style="padding-top:2px;font-size:13px;line-height:19px;color:#56636f;">${escapeHtml(detail)}${opens}</div></td></tr>`
    );
  });
  return rows.length ? `<table ${TABLE} width="100%" style="margin:0 0 12px;">${rows.join('')}</table>` : '';
}

export interface Page {
  readonly title: string;
  /** Shown by mail programs beside the subject, and nowhere else. */
  readonly preview: string;
  /** A strip over everything; empty = none. */
  readonly banner: string;
  readonly body: string;
  readonly footer: readonly string[];
}

/** The whole document: one column of at most 600 px that narrows with the screen; no image, script or outside font. */
export function page({ title, preview, banner, body, footer }: Page): string {
  const strip = banner
    ? `<tr><td style="padding:8px 24px;background-color:#4b2e83;color:#ffffff;font-size:14px;line-height:20px;font-weight:600;${FONT}">${escapeHtml(banner)}</td></tr>`
    : '';
  const small = footer
    .map(
      (line) =>
        `<p style="margin:0 0 6px;font-size:12px;line-height:18px;color:#56636f;${FONT}">${escapeHtml(line)}</p>`,
    )
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light"><meta name="supported-color-schemes" content="light">
<meta name="format-detection" content="telephone=no,date=no,address=no"><title>${escapeHtml(title)}</title></head>
<body style="margin:0;padding:0;background-color:#e9edf1;">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">${escapeHtml(preview)}</div>
<table ${TABLE} width="100%" style="background-color:#e9edf1;"><tr><td align="center" style="padding:16px 8px;">
<!--[if mso]><table role="presentation" width="600" cellpadding="0" cellspacing="0"><tr><td><![endif]-->
<table ${TABLE} width="100%" style="max-width:600px;background-color:#ffffff;border:1px solid #d3dae1;border-radius:6px;overflow:hidden;">
${strip}<tr><td align="left" style="padding:24px;">${body}</td></tr>
<tr><td align="left" style="padding:16px 24px;background-color:#f4f6f8;border-top:1px solid #dde3e9;">${small}</td></tr>
</table><!--[if mso]></td></tr></table><![endif]--></td></tr></table></body></html>
`;
}
