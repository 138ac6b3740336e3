/** What a car does when nobody tells it: a day of half an hour, shifted a little from car to car. */
import type { Car } from "./car.ts"

const daySeconds = 1_800
const metresPerSecond = 12
const drivingSeconds = 10 // Between two samples of a car that drives,
const parkedSeconds = 60 // and of one that is parked.

/** A second of it. Car 1 stays parked and awake, so that whoever tries things out with it is obeyed at once. */
export const live = (car: Car): void => {
  const second = Math.floor(car.around.now() / 1000)
  const occupation = car.serial === 1 ? "parked" : occupationAt(second + car.serial * 97)
  if (occupation === "driving") {
    car.element.state.odometerMetres += metresPerSecond
    car.drive()
  } else if (!car.parked) {
    car.park()
    car.around.keep(car)
  }
  if ((occupation === "asleep") === car.awake) car.reach(!car.awake, car.inRange)
  if (second % (car.parked ? parkedSeconds : drivingSeconds) === 0) measure(car)
}

const occupationAt = (second: number) => {
  const phase = second % daySeconds
  return phase < 600 ? "driving" : phase < 1_500 ? "parked" : "asleep"
}

/** Sends a sample as the platform takes it: no place, and nothing about maintenance. */
export const measure = (car: Car): void => {
  if (!car.online) return
  const { odometerMetres } = car.element.state
  const sample = {
    at: new Date(car.time).toISOString(),
    odometerMetres,
    chargePercent: 90 - (Math.floor(odometerMetres / 4_000) % 70),
    parked: car.parked,
    cabinCelsius: car.parked ? 18 : 21
  }
  car.around.send(car, "telemetry", JSON.stringify(sample))
}
