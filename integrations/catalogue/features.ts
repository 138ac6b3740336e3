/** What cars may be told to switch, and to which values: the text that the offline key signs. Exactly what the options set, nothing else. */
import { options, optionsEdition } from "./options-data.ts"

type Value = boolean | number | string

export interface FeatureCatalogue {
  readonly v: 1
  readonly edition: number
  readonly features: Readonly<
    Record<
      string,
      {
        readonly models: ReadonlyArray<string>
        readonly parameters: Readonly<Record<string, { readonly values: ReadonlyArray<Value> }>>
      }
    >
  >
}

/** In one order always: the same edition is the same text. */
export const featureCatalogue = (): FeatureCatalogue => {
  const features: Record<string, { models: Array<string>; parameters: Record<string, { values: Array<Value> }> }> = {}
  for (const { features: set, models } of Object.values(options)) {
    for (const { id, parameters } of set) {
      const feature = (features[id] ??= { models: [], parameters: {} })
      feature.models = united(feature.models, models)
      for (const [name, value] of Object.entries(parameters)) {
        feature.parameters[name] = { values: united(feature.parameters[name]?.values ?? [], [value]) }
      }
    }
  }
  return { v: 1, edition: optionsEdition, features: Object.fromEntries(Object.entries(features).sort(byName)) }
}

const united = <A extends Value>(some: ReadonlyArray<A>, more: ReadonlyArray<A>) => [...new Set([...some, ...more])].sort()
const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) => (one < other ? -1 : 1)
