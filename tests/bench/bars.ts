/** A small bar chart as SVG, on a logarithmic scale: what is thirty times as long as another does not fit on any other. */

export interface Bar {
  readonly label: string
  readonly value: number
}

const width = 640
const barHeight = 28
const margin = { left: 190, right: 90, top: 40, bottom: 32 }

export const barChart = ({ title, unit, bars }: { title: string; unit: string; bars: ReadonlyArray<Bar> }) => {
  const values = bars.map(({ value }) => value)
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.ceil(Math.log10(Math.max(...values)))
  const height = margin.top + bars.length * barHeight + margin.bottom
  const px = (value: number) => margin.left + ((Math.log10(value) - low) / (high - low || 1)) * (width - margin.left - margin.right)
  const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 })
  const grid = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).map((value) => {
    const x = px(value).toFixed(1)
    return `<line x1="${x}" x2="${x}" y1="${margin.top}" y2="${height - margin.bottom}" stroke="#d4d4d8"/><text x="${x}" y="${height - margin.bottom + 18}" text-anchor="middle">${number(value)}</text>`
  })
  const rows = bars.map(({ label, value }, i) => {
    const y = margin.top + i * barHeight
    const end = px(value)
    return `<text x="${margin.left - 8}" y="${y + 18}" text-anchor="end">${label}</text><rect x="${margin.left}" y="${y + 5}" width="${(end - margin.left).toFixed(1)}" height="${barHeight - 10}" fill="${i === 0 ? "#2563eb" : "#a1a1aa"}"/><text x="${(end + 6).toFixed(1)}" y="${y + 18}">${number(value)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#27272a">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="20" font-size="14" font-weight="600">${title} (${unit}, logarithmic)</text>
${grid.join("\n")}
${rows.join("\n")}
</svg>
`
}
