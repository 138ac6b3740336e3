/** Reads a stored state path, in which the regions of a parallel chart are joined by "+": `custody.withCustomer+app.linked`. */

/** Where one region is: "linked" of "app". Empty where the chart has no such region (a snapshot of yesterday). */
export const regionIn = (statePath: string, region: string): string =>
  statePath
    .split("+")
    .find((one) => one.startsWith(`${region}.`))
    ?.slice(region.length + 1) ?? ""
