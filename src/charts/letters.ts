// Letters: what of a text the font of the charts can draw, and how much of it fits. Titles come from outside and may hold anything.

// What the font has: Latin, Greek and Cyrillic letters, digits, and the usual signs.
const DRAWN = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Nd} !-~¡-¿–—‘’‚“”„†‡•…‰‹›€™←→↑↓−×≈≤≥]/u;
// A label of which more than this was left out says nothing any more.
const LEFT_OUT_MAX = 0.3;

/** The text on one line, without what the font cannot draw; empty when too little of it would be left. */
export function printable(text: string): string {
  const letters = [...text.toWellFormed().normalize('NFC').replace(/\s+/g, ' ').trim()];
  const kept = letters.filter((letter) => DRAWN.test(letter));
  const lost = letters.filter((letter) => !DRAWN.test(letter) && /[\p{L}\p{N}]/u.test(letter));
  if (lost.length > letters.length * LEFT_OUT_MAX) return '';
  const shown = kept.join('').replace(/ {2,}/g, ' ').trim();
  // Vega looks words up in plain objects, where those of the language (`valueOf`) are found without having been put there.
  return shown in {} ? `${shown} ` : shown;
}

/** The printable part of it, cut with an ellipsis where it would be wider than `width` at this size. */
export function fitted(text: string, width: number, fontSize: number): string {
  const shown = printable(text);
  if (widthOf(shown, fontSize) <= width) return shown;
  let used = widthOf('…', fontSize);
  let cut = '';
  for (const letter of shown) {
    used += widthOf(letter, fontSize);
    if (used > width) break;
    cut += letter;
  }
  return `${cut.trimEnd()}…`;
}

/** About as wide as the font draws it, rather too wide than too narrow. */
function widthOf(text: string, fontSize: number): number {
  let units = 0;
  for (const letter of text) {
    if (/[ijlI.,:;'|!()[\] ft]/.test(letter)) units += 0.32;
    else if (/[mwMW@%—…]/.test(letter)) units += 0.92;
    else if (/\p{Lu}/u.test(letter)) units += 0.7;
    else units += 0.58;
  }
  return units * fontSize;
}
