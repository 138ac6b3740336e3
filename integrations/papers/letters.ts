/** Letters that the standard fonts of every PDF reader have (WinAnsi): all of Western Europe's. A name with others is written by its nearest ones. */

const beyondLatin1 = "€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸŽž" // What WinAnsi has in the room that Latin-1 leaves to controls.
const nearest: Readonly<Record<string, string>> = {
  ...{ Ł: "L", ł: "l", Đ: "D", đ: "d", ı: "i", İ: "I", Ħ: "H", ħ: "h", Ŧ: "T", ŧ: "t", Ŋ: "N", ŋ: "n", ĸ: "k", ſ: "s" },
  ...{ "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2212": "-", "\u202f": " ", "\u2009": " ", ʼ: "'" }
}

/** Never fails: what has no near letter becomes a question mark, so that a paper is issued whatever somebody is called. */
export const writable = (text: string): string =>
  [...text.normalize("NFC")].map((letter) => (isWritable(letter) ? letter : near(letter))).join("")

const near = (letter: string): string => {
  const plain = nearest[letter] ?? letter.normalize("NFD").replace(/\p{M}/gu, "")
  return plain !== "" && [...plain].every(isWritable) ? plain : /\s/.test(letter) ? " " : "?"
}

const isWritable = (letter: string): boolean => /^[ -~\u00a0-\u00ff]$/.test(letter) || beyondLatin1.includes(letter)
