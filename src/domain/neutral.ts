// Words from outside, made harmless where they are shown: they read the same and can do nothing.

/** A customer's words on one line, for Markdown: no mention, link, image, heading, list or HTML survives, and nobody is pinged. */
export function quoteForMarkdown(text: string, lengthMax: number): string {
  const line = onLine(text, lengthMax);
  return line
    .replace(/([\\`*_{}[\]()#+!|<>~])/g, '\\$1')
    .replace(/@/g, '@\u200b')
    .replace(/(https?|ftp):\/\//gi, '$1:\u200b//')
    .replace(/\b([A-Z][A-Z0-9]{1,9})-(\d+)\b/g, '$1\u2011$2');
}

/** Text on one line without control characters, clipped at a word with an ellipsis. Length in UTF-16 units. */
export function onLine(text: string, lengthMax: number): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  if (line.length <= lengthMax) return line;
  const cut = line.slice(0, lengthMax - 1);
  const word = cut.lastIndexOf(' ');
  return `${(word > lengthMax * 0.6 ? cut.slice(0, word) : cut).replace(/[\uD800-\uDBFF]$/, '').trimEnd()}…`;
}
