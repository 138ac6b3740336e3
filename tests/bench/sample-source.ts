/** A process of its own that publishes telemetry of ten thousand cars: SUBJECTS (a prefix), COUNT samples, PACE a second (0: as fast as the broker takes them). */
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"

const { NATS_URL = "", SUBJECTS = "", COUNT = "0", PACE = "0" } = process.env
const cars = 10_000
const piece = 500 // Samples between two looks at the broker, or at the clock.

const connection = await connect({ ...connectOptionsOf(NATS_URL), name: "bench samples" })
const begin = performance.now()
for (let n = 0; n < Number(COUNT); n++) {
  const sample = {
    at: new Date().toISOString(),
    odometerMetres: 40_000 + n,
    chargePercent: n % 100,
    parked: n % 3 > 0,
    cabinCelsius: 20
  }
  connection.publish(`${SUBJECTS}.VSSZZZ5FZJR${String(n % cars).padStart(6, "0")}.telemetry`, JSON.stringify(sample))
  if (n % piece !== 0) continue
  await connection.flush()
  const due = Number(PACE) === 0 ? 0 : begin + (n / Number(PACE)) * 1000 - performance.now()
  if (due > 1) await Bun.sleep(due)
}
await connection.drain()
