// The lineage page: the chain through one thing as columns in the order of the flow, readable without a script and on a phone.
import { LINEAGE_KINDS, type LineageKind, type Trace, type TraceNode } from '#src/domain/lineage.ts';

type Page =
  | { kind: 'trace'; trace: Trace; lone: 'not_observed_yet' | 'noise' | 'no_theme' | null }
  | { kind: 'unknown'; query: string; examples: readonly string[] };

const HEADINGS: Record<LineageKind, string> = {
  customer: 'Who said it',
  signal: 'What was said',
  conversation: 'Conversations',
  observation: 'What we understood',
  theme: 'Theme',
  insight: 'Insight',
  proposal: 'Proposal',
  decision: 'Decision',
  action: 'What was done',
  outcome: 'What became of it',
};

const LONE = {
  not_observed_yet: 'This message has just come in and is being read.',
  noise:
    'This message was set aside: it looks like a greeting, thanks or chatter. React to it with the capture emoji if it is not.',
  no_theme: 'This message belongs to no theme yet.',
};

/** The page as HTML. */
export function lineagePage(page: Page): string {
  const body =
    page.kind === 'unknown'
      ? `<h1>Nothing is called ${escaped(page.query.slice(0, 80))}</h1><p>You can trace an issue, a message, a ticket or an insight: ${page.examples
          .map((example) => `<code>${escaped(example)}</code>`)
          .join(', ')}.</p>`
      : chain(page.trace, page.lone);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Lineage · Throughline</title>
<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer"><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
}

function chain(trace: Trace, lone: keyof typeof LONE | null): string {
  const groups = LINEAGE_KINDS.flatMap((kind) => {
    const nodes = trace.nodes
      .filter((node) => node.kind === kind)
      .sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
    return nodes.length > 0 ? [section(kind, nodes, trace)] : [];
  });
  const focus = trace.nodes.find((node) => node.id === trace.focus);
  return `<header><p class="brand">Throughline</p><h1>${escaped(focus?.label || 'Lineage')}</h1>
<p class="sub">From the first message to what became of it. Words of customers are redacted.</p></header>
${lone ? `<p class="note">${LONE[lone]}</p>` : ''}
<ol class="flow">${groups.join('')}</ol>
${trace.hidden > 0 ? `<p class="note">${trace.hidden} more are not shown on this page.</p>` : ''}`;
}

function section(kind: LineageKind, nodes: readonly TraceNode[], trace: Trace): string {
  const items = nodes.map((node) => item(node, node.id === trace.focus)).join('');
  const count = nodes.length > 1 ? ` <span class="count">${nodes.length}</span>` : '';
  return `<li class="step"><h2>${HEADINGS[kind]}${count}</h2><ul>${items}</ul></li>`;
}

function item(node: TraceNode, focused: boolean): string {
  const label = node.wordsHidden
    ? 'Hidden: not everybody can open where it comes from.'
    : escaped(node.label || node.kind);
  const title = node.url ? `<a href="${escaped(node.url)}" rel="noreferrer">${label}</a>` : label;
  const when = node.at
    ? `<time datetime="${escaped(node.at)}">${escaped(node.at.slice(0, 16).replace('T', ' '))} UTC</time>`
    : '';
  const meta = [when, node.who ? `by ${escaped(node.who)}` : '', node.why ? escaped(node.why) : '']
    .filter((part) => part !== '')
    .join(' · ');
  return `<li class="node${focused ? ' focus' : ''}" id="${escaped(node.id)}"${focused ? ' aria-current="true"' : ''}><p class="label">${title}</p><p class="meta">${meta}</p></li>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--back:#f5f6f8;--accent:#2f6f5e}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#9aa6b5;--line:#313a47;--paper:#1b222c;--back:#12171e;--accent:#6fc3ab}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1.25rem 4rem}header{margin-bottom:1.5rem}
.brand{margin:0;color:var(--accent);font-weight:600;letter-spacing:.02em}h1{margin:.25rem 0;font-size:1.5rem;line-height:1.25}.sub,.meta{color:var(--soft);margin:0}
.flow{list-style:none;margin:0;padding:0;border-left:2px solid var(--line)}.step{position:relative;padding:0 0 1.25rem 1.5rem}
.step::before{content:"";position:absolute;left:-7px;top:.45rem;width:12px;height:12px;border-radius:50%;background:var(--accent);border:2px solid var(--back)}
h2{font-size:.95rem;margin:0 0 .5rem}.count{color:var(--soft);font-weight:400}ul{list-style:none;margin:0;padding:0;display:grid;gap:.5rem}
.node{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}.node.focus{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
.label{margin:0;overflow-wrap:anywhere}.meta{font-size:.85rem}a{color:var(--accent)}.note{border-left:3px solid var(--accent);padding:.5rem .9rem;background:var(--paper)}`;
