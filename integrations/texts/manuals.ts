/** The manual of each option, for every model that has the hardware, by edition and language. An edition that was released is never edited. */
import adaptiveCruiseEn from "./manuals/adaptive-cruise.1.en.md" with { type: "text" }
import adaptiveCruiseEs from "./manuals/adaptive-cruise.1.es.md" with { type: "text" }
import climateAheadEn from "./manuals/climate-ahead.1.en.md" with { type: "text" }
import climateAheadEs from "./manuals/climate-ahead.1.es.md" with { type: "text" }
import concertAudioEn from "./manuals/concert-audio.1.en.md" with { type: "text" }
import concertAudioEs from "./manuals/concert-audio.1.es.md" with { type: "text" }
import heatedSeatsEn from "./manuals/heated-seats.1.en.md" with { type: "text" }
import heatedSeatsEs from "./manuals/heated-seats.1.es.md" with { type: "text" }
import highwayPilotEn from "./manuals/highway-pilot.1.en.md" with { type: "text" }
import highwayPilotEs from "./manuals/highway-pilot.1.es.md" with { type: "text" }
import laneKeepingEn from "./manuals/lane-keeping.1.en.md" with { type: "text" }
import laneKeepingEs from "./manuals/lane-keeping.1.es.md" with { type: "text" }
import offRoadModeEn from "./manuals/off-road-mode.1.en.md" with { type: "text" }
import offRoadModeEs from "./manuals/off-road-mode.1.es.md" with { type: "text" }
import parkingPilotEn from "./manuals/parking-pilot.1.en.md" with { type: "text" }
import parkingPilotEs from "./manuals/parking-pilot.1.es.md" with { type: "text" }
import powerPlusEn from "./manuals/power-plus.1.en.md" with { type: "text" }
import powerPlusEs from "./manuals/power-plus.1.es.md" with { type: "text" }
import powerStartEn from "./manuals/power-start.1.en.md" with { type: "text" }
import powerStartEs from "./manuals/power-start.1.es.md" with { type: "text" }
import snowModeEn from "./manuals/snow-mode.1.en.md" with { type: "text" }
import snowModeEs from "./manuals/snow-mode.1.es.md" with { type: "text" }
import sportModeEn from "./manuals/sport-mode.1.en.md" with { type: "text" }
import sportModeEs from "./manuals/sport-mode.1.es.md" with { type: "text" }
import streamingEn from "./manuals/streaming.1.en.md" with { type: "text" }
import streamingEs from "./manuals/streaming.1.es.md" with { type: "text" }
import { type Editions, editionOf, pagesOf } from "./page.ts"

/** By the option's code. A new edition is a file of its own, and comes last in its row. */
export const manuals: Editions = {
  "adaptive-cruise": [pagesOf(adaptiveCruiseEn, adaptiveCruiseEs)],
  "climate-ahead": [pagesOf(climateAheadEn, climateAheadEs)],
  "concert-audio": [pagesOf(concertAudioEn, concertAudioEs)],
  "heated-seats": [pagesOf(heatedSeatsEn, heatedSeatsEs)],
  "highway-pilot": [pagesOf(highwayPilotEn, highwayPilotEs)],
  "lane-keeping": [pagesOf(laneKeepingEn, laneKeepingEs)],
  "off-road-mode": [pagesOf(offRoadModeEn, offRoadModeEs)],
  "parking-pilot": [pagesOf(parkingPilotEn, parkingPilotEs)],
  "power-plus": [pagesOf(powerPlusEn, powerPlusEs)],
  "power-start": [pagesOf(powerStartEn, powerStartEs)],
  "snow-mode": [pagesOf(snowModeEn, snowModeEs)],
  "sport-mode": [pagesOf(sportModeEn, sportModeEs)],
  streaming: [pagesOf(streamingEn, streamingEs)]
}

export const manualOf = (option: string, edition: number) => editionOf(manuals, option, edition)

/** Of the newest; 0 where an option has no manual. */
export const newestManual = (option: string): number => (Object.hasOwn(manuals, option) ? manuals[option]!.length : 0)
