import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { condense } from '#src/sandbox/page/client/condense.ts';
import { type Inline, type Para, plainWords, readMarkdown, readMrkdwn } from '#src/sandbox/page/client/mrkdwn.ts';

const line = (source: string): Inline[] => {
  const [para] = readMrkdwn(source);
  return para && 'lines' in para ? para.lines[0]! : [];
};
const text = (value: string): Inline => ({ t: 'text', text: value });

/** Everything that a reader would see, in order. */
function seen(paras: Para[]): string {
  const inline = (tokens: Inline[]): string =>
    tokens
      .map((token) => {
        if ('children' in token) return inline(token.children);
        if (token.t === 'emoji') return `:${token.name}:`;
        if (token.t === 'text' || token.t === 'code') return token.text;
        return 'label' in token ? token.label : '';
      })
      .join('');
  return paras
    .map((para) => {
      if (para.t === 'code') return para.text;
      if (para.t === 'lines' || para.t === 'quote') return para.lines.map(inline).join('\n');
      if (para.t === 'list') return para.items.map(inline).join('\n');
      return para.t === 'heading' ? inline(para.children) : '';
    })
    .join('\n');
}

describe('mrkdwn', () => {
  it('marks whole words only', () => {
    expect(line('a *bold* b')).toEqual([text('a '), { t: 'bold', children: [text('bold')] }, text(' b')]);
    expect(line('2*3*4 and snake_case_name')).toEqual([text('2*3*4 and snake_case_name')]);
    expect(line('*_both_*')).toEqual([{ t: 'bold', children: [{ t: 'italic', children: [text('both')] }] }]);
    expect(line('* not bold*')).toEqual([text('* not bold*')]);
  });

  it('knows people, rooms, groups, links and emoji, and shows nothing else between angle brackets', () => {
    expect(line('<@U1> <#C1|support> <!subteam^S1|@team> <!here>')).toEqual([
      { t: 'user', id: 'U1', label: '' },
      text(' '),
      { t: 'channel', id: 'C1', label: 'support' },
      text(' '),
      { t: 'group', id: 'S1', label: '@team' },
      text(' '),
      { t: 'everyone', label: '@here' },
    ]);
    expect(line('<https://a.example/?x=1&amp;y=2|the *page*>')).toEqual([
      { t: 'link', url: 'https://a.example/?x=1&y=2', label: 'the *page*' },
    ]);
    expect(line('<!date^1763650000^{date_short} at {time}|20 Nov>')).toEqual([
      { t: 'date', seconds: 1763650000, pattern: '{date_short} at {time}', fallback: '20 Nov' },
    ]);
    expect(line(':memo: 10:30:45')).toEqual([{ t: 'emoji', name: 'memo' }, text(' 10:30:45')]);
    expect(line('<script>alert(1)</script>')).toEqual([text('<script>alert(1)</script>')]);
  });

  it('never makes a link of anything but the web, mail and phone', () => {
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'JAVASCRIPT:x',
      ' https://a.example',
    ])
      expect(line(`<${url}|click>`)).toEqual([text(`<${url}|click>`)]);
    for (const url of ['javascript:alert(1)', 'data:text/html,x'])
      expect(seen(readMarkdown(`[click](${url})`))).toContain(url);
  });

  it('unescapes once: what was escaped twice stays escaped once', () => {
    expect(line('&lt;b&gt; &amp;lt; &quot;')).toEqual([text('<b> &lt; &quot;')]);
  });

  it('keeps quotes and code apart from text', () => {
    expect(readMrkdwn('before\n&gt; quoted\n> too\nafter ```x < 1\n*y*``` end').map((para) => para.t)).toEqual([
      'lines',
      'quote',
      'lines',
      'code',
      'lines',
    ]);
    expect(readMrkdwn('three ``` ticks')).toEqual([{ t: 'lines', lines: [[text('three ``` ticks')]] }]);
  });

  it('gives its words without its marks', () => {
    const source = '*Hi* <@U1>, see <mailto:a@b.example|a@b.example>:\n&gt; 1 &lt; 2 `x`';
    expect(plainWords(source, (id) => `@${id}`)).toBe('Hi @U1, see a@b.example:\n1 < 2 x');
  });

  it('loses no letter of plain text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
        const letters = (value: string) => value.replace(/[^\p{L}\p{N}]/gu, '');
        const escaped = typed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        expect(letters(seen(readMrkdwn(escaped)))).toBe(letters(typed));
      }),
    );
  });

  it('comes to an end with a long run of marks', () => {
    expect(seen(readMrkdwn('*_~'.repeat(2000))).length).toBeGreaterThan(2000);
    expect(seen(readMrkdwn('<'.repeat(6000)))).toContain('<');
  });
});

describe('Markdown', () => {
  it('reads what issues and markdown blocks are made of', () => {
    const paras = readMarkdown(
      '## Evidence\n\n- one **bold**\n- two [link](https://a.example)\n\n1. first\n\n> quote\n\n---\n```\ncode *x*\n```\nlast',
    );
    expect(paras.map((para) => para.t)).toEqual(['heading', 'list', 'list', 'quote', 'rule', 'code', 'lines']);
    expect(seen(readMarkdown('me at \\[email\\_1\\] \\*x\\*'))).toBe('me at [email_1] *x*');
    expect(seen(paras)).toBe('Evidence\none bold\ntwo link\nfirst\nquote\n\ncode *x*\nlast');
  });
});

describe('the short form of a lineage', () => {
  const node = (id: string, kind: string) => ({
    id,
    kind,
    label: `${kind} ${id}`,
    at: null,
    who: null,
    why: null,
    url: null,
  });
  const edge = (from: string, to: string) => ({ from, to, relation: 'led to' });
  const whole = {
    nodes: [
      node('c', 'customer'),
      node('s', 'signal'),
      node('v', 'conversation'),
      node('o1', 'observation'),
      node('o2', 'observation'),
      node('t', 'theme'),
      node('i', 'insight'),
    ],
    edges: [
      edge('c', 'v'),
      edge('s', 'v'),
      edge('v', 'o1'),
      edge('v', 'o2'),
      edge('o1', 't'),
      edge('o2', 't'),
      edge('t', 'i'),
    ],
    focus: 'i',
  };

  it('leaves out what lies between and connects what is left, once', () => {
    const short = condense(whole);
    expect(short.nodes.map((one) => one.id)).toEqual(['s', 't', 'i']);
    expect(short.edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['s t', 't i']);
    expect(short.nodes[0]?.who).toBe('customer c');
  });

  it('keeps what was asked about, whatever it is', () => {
    expect(condense({ ...whole, focus: 'v' }).nodes.map((one) => one.id)).toContain('v');
  });

  it('ends on a lineage that runs in a circle', () => {
    const circle = { ...whole, edges: [...whole.edges, edge('o1', 'v')] };
    expect(condense(circle).edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['s t', 't i']);
  });
});
