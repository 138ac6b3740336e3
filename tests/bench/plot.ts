/** Two small line charts as SVG: what one would rather look at than read. */

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Series {
  readonly label: string
  readonly points: ReadonlyArray<Point>
}

const width = 640
const height = 360
const margin = { left: 72, right: 24, top: 40, bottom: 48 }
const inks = ["#2563eb", "#dc2626", "#059669"]

const marks = 10 // At most, below a linear axis.

/** x is logarithmic (numbers of callers double) unless it is linear, y begins at zero. */
export const lineChart = ({
  title,
  xLabel,
  yLabel,
  series,
  linear = false
}: {
  title: string
  xLabel: string
  yLabel: string
  series: ReadonlyArray<Series>
  linear?: boolean
}) => {
  const scale = linear ? (x: number) => x : Math.log
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const most = niceAbove(Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y))))
  const [low, high] = [scale(xs[0]!), scale(xs.at(-1)!)]
  const px = (x: number) => margin.left + ((scale(x) - low) / (high - low || 1)) * (width - margin.left - margin.right)
  const py = (y: number) => height - margin.bottom - (y / most) * (height - margin.top - margin.bottom)
  const ticks = linear ? xs.filter((_, i) => i % Math.ceil(xs.length / marks) === 0) : xs
  const text = (x: number, y: number, words: string, more = "") =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${words}</text>`
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = py(most * share)
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#d4d4d8"/>${text(margin.left - 8, y + 4, (most * share).toLocaleString("en", { maximumFractionDigits: 1 }), 'text-anchor="end"')}`
  })
  const lines = series.map(({ label, points }, i) => {
    const path = points.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ")
    const dots = points
      .map(({ x, y }) => `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="${linear ? 1.5 : 3.5}" fill="${inks[i]}"/>`)
      .join("")
    return `<polyline points="${path}" fill="none" stroke="${inks[i]}" stroke-width="2"/>${dots}${text(margin.left + 12 + i * 120, margin.top - 8, label, `fill="${inks[i]}"`)}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#27272a">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(margin.left, 18, title, 'font-size="14" font-weight="600"')}
${grid.join("\n")}
${ticks.map((x) => text(px(x), height - margin.bottom + 18, String(x), 'text-anchor="middle"')).join("\n")}
${text((width + margin.left) / 2, height - 10, xLabel, 'text-anchor="middle"')}
${text(16, height / 2, yLabel, `text-anchor="middle" transform="rotate(-90 16 ${height / 2})"`)}
${lines.join("\n")}
</svg>
`
}

const niceAbove = (value: number) => {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((nice) => nice >= value)!
}
